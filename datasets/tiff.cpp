#include "datasets/tiff.hpp"

#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/input_file.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

static_assert(std::endian::native == std::endian::little, "pixels are written as they lie");

const std::string convert_hint = "; convert it to 8-, 16- or 32-bit grey";

/// The first error that libtiff reports; those after it are its consequences.
struct LibraryError {
  std::array<char, 256> text{};
};

int keep_first(TIFF*, void* error, const char*, const char* format, std::va_list arguments) {
  auto& text = static_cast<LibraryError*>(error)->text;
  if (!text[0]) std::vsnprintf(text.data(), text.size(), format, arguments);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return 1;  // and to nobody else: stderr stays clean
}

int drop(TIFF*, void*, const char*, const char*, std::va_list) { return 1; }

/// What all pages of an image have in common.
struct PageType {
  std::int64_t x = 0, y = 0;
  DType dtype = DType::u8;
  bool is_signed = false;

  /// Not an integer: what a file claims may pass 2^64.
  double bytes() const {
    return static_cast<double>(x) * static_cast<double>(y) * static_cast<double>(bytes_of(dtype));
  }
  std::string text() const {
    return to_string({x, y, 1}, 2) + " " + (is_signed ? "i32" : to_string(dtype));
  }
  bool operator==(const PageType&) const = default;
};

std::optional<DType> pixel_type(int bits, int format) {
  const bool is_unsigned = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
  if (is_unsigned && bits == 8) return DType::u8;
  if (is_unsigned && bits == 16) return DType::u16;
  if ((is_unsigned || format == SAMPLEFORMAT_INT) && bits == 32) return DType::u32;
  if (format == SAMPLEFORMAT_IEEEFP && bits == 32) return DType::f32;
  return std::nullopt;
}

std::string pixel_name(int bits, int format) {
  static const std::map<int, std::string> names{{SAMPLEFORMAT_INT, "signed"},
                                                {SAMPLEFORMAT_IEEEFP, "floating-point"},
                                                {SAMPLEFORMAT_COMPLEXINT, "complex"},
                                                {SAMPLEFORMAT_COMPLEXIEEEFP, "complex"}};
  const auto name = names.find(format);
  return std::to_string(bits) + "-bit " + (name == names.end() ? "unsigned" : name->second);
}

/// The most that a compression can shrink pixels by, which bounds what a small file may claim. 0
/// for compressions that change grey levels or that this libtiff cannot undo.
double largest_ratio(std::uint16_t compression) {
  static const std::map<int, double> ratios{
      {COMPRESSION_NONE, 1},
      {COMPRESSION_PACKBITS, 64},         // 128 bytes from 2
      {COMPRESSION_LZW, 2560},            // the table's longest entry, 3839 bytes, from 12 bits
      {COMPRESSION_DEFLATE, 1032},        // 258 bytes from 2 bits
      {COMPRESSION_ADOBE_DEFLATE, 1032},  // the same method under its later number
      {COMPRESSION_LZMA, 8192},           // 273 bytes from 14 choices of 0.022 bits each
      {COMPRESSION_ZSTD, 32768}};         // a block of 128 KiB from 4 bytes
  const auto ratio = ratios.find(compression);
  return ratio != ratios.end() && TIFFIsCODECConfigured(compression) ? ratio->second : 0;
}

/// An image that holds nothing yet. Throws TooLarge, naming `file`, where memory is short.
Image allocate(const std::string& file, const Shape& shape, DType dtype,
               const Spacing& spacing = {}) {
  const double bytes = PageType{shape.x, shape.y, dtype}.bytes() * static_cast<double>(shape.z);
  const auto available = static_cast<double>(host_memory_available());
  const TooLarge too_large(file + ": needs " + human_bytes(bytes) + " of memory, but " +
                           human_bytes(available) + " are available");
  if (bytes > available) throw too_large;
  try {
    return Image(shape, dtype, spacing);
  } catch (const std::bad_alloc&) {
    throw too_large;
  }
}

/// A TIFF file whose pages have been counted and checked.
class TiffFile {
 public:
  explicit TiffFile(const std::filesystem::path& path);

  [[noreturn]] void fail(const std::string& why) const { throw BadInput(name() + ": " + why); }
  std::string name() const { return path_.string(); }
  const PageType& type() const { return type_; }
  std::int64_t pages() const { return static_cast<std::int64_t>(directories_.size()); }
  const std::string& description() const { return description_; }
  Spacing resolution() const { return resolution_; }  ///< pixels per unit, in x and y

  /// The form that ImageJ writes past 4 GB: if the pixels of `images` images follow each other
  /// behind the only page's start, they become the pages.
  void expand_to(std::int64_t images);
  /// Reads all of a page into `to`, x fastest.
  void read_page(std::int64_t page, std::byte* to);

 private:
  void open();
  void scan();
  PageType page_type() const;
  double page_ratio() const;
  using Decoder = tmsize_t (*)(TIFF*, std::uint32_t, void*, tmsize_t);
  bool decoded(Decoder decoder, std::uint32_t number, std::byte* to, tmsize_t bytes) const;
  bool read_strips(std::byte* to);
  bool read_tiles(std::byte* to);
  bool read_raw(std::uint64_t from, std::byte* to) const;
  void require_possible(double bytes) const;

  template <class T>
  T tag(ttag_t name, T otherwise) const {
    T value{};
    return TIFFGetFieldDefaulted(tiff_.get(), name, &value) ? value : otherwise;
  }
  /// Adds libtiff's reason where it gave one.
  [[noreturn]] void fail_with_reason(const std::string& why) const {
    fail(error_.text[0] ? why + " (" + error_.text.data() + ")" : why);
  }
  [[noreturn]] void fail_reading(std::int64_t page) const {
    fail_with_reason("page " + std::to_string(page + 1) +
                     " cannot be read: the file is truncated or damaged");
  }
  std::size_t row_bytes() const {
    return static_cast<std::size_t>(type_.x) * bytes_of(type_.dtype);
  }
  std::size_t page_bytes() const { return row_bytes() * static_cast<std::size_t>(type_.y); }

  std::filesystem::path path_;
  LibraryError error_;
  std::unique_ptr<TIFF, decltype(&TIFFClose)> tiff_{nullptr, &TIFFClose};
  double file_bytes_ = 0;
  double ratio_ = 1;  ///< the largest of all pages
  PageType type_;
  std::vector<std::uint64_t> directories_;   ///< where each page's directory lies in the file
  std::optional<std::uint64_t> raw_pixels_;  ///< where they start, after expand_to
  std::string description_;
  Spacing resolution_;
};

TiffFile::TiffFile(const std::filesystem::path& path)
    : path_(path), file_bytes_(static_cast<double>(input_file_bytes(path))) {
  open();
  scan();
}

void TiffFile::open() {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options{
      TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree};
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_first, &error_);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), drop, nullptr);
  // Lists and compressed strips that libtiff keeps are never much larger than the file.
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                      static_cast<tmsize_t>(16 * file_bytes_) + (64 << 20));
  // m: no memory mapping, which turns a file that shrinks into a SIGBUS. c: strips as they are.
  tiff_.reset(TIFFOpenExt(path_.c_str(), "rmc", options.get()));
  if (!tiff_) fail_with_reason("is no TIFF file, or a damaged one");
}

void TiffFile::scan() {
  const char* text = nullptr;
  if (TIFFGetField(tiff_.get(), TIFFTAG_IMAGEDESCRIPTION, &text)) description_ = text;
  resolution_ = {tag<float>(TIFFTAG_XRESOLUTION, 1), tag<float>(TIFFTAG_YRESOLUTION, 1)};
  for (;;) {
    const PageType type = page_type();
    if (pages() == 0) type_ = type;
    if (type != type_)
      fail("page " + std::to_string(pages() + 1) + " is " + type.text() + ", but page 1 is " +
           type_.text() + "; save them as files of their own");
    ratio_ = std::max(ratio_, page_ratio());
    directories_.push_back(TIFFCurrentDirOffset(tiff_.get()));
    if (TIFFLastDirectory(tiff_.get())) break;
    error_ = {};
    if (!TIFFReadDirectory(tiff_.get())) fail_reading(pages());
  }
  require_possible(static_cast<double>(pages()) * type_.bytes());
}

PageType TiffFile::page_type() const {
  const std::string where = "page " + std::to_string(pages() + 1);
  const auto samples = tag<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL, 1);
  const auto bits = tag<std::uint16_t>(TIFFTAG_BITSPERSAMPLE, 1);
  const auto format = tag<std::uint16_t>(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  const auto photometric = tag<std::uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  if (samples != 1)
    fail(where + " has " + std::to_string(samples) + " samples per pixel (colour)" + convert_hint);
  const auto dtype = pixel_type(bits, format);
  if (!dtype) fail(where + " has " + pixel_name(bits, format) + " pixels" + convert_hint);
  if (photometric != PHOTOMETRIC_MINISBLACK && photometric != PHOTOMETRIC_MINISWHITE &&
      photometric != PHOTOMETRIC_PALETTE)
    fail(where + " is not grey (photometric interpretation " + std::to_string(photometric) + ")" +
         convert_hint);
  if (tag<std::uint32_t>(TIFFTAG_IMAGEDEPTH, 1) != 1 ||
      tag<std::uint32_t>(TIFFTAG_TILEDEPTH, 1) != 1)
    fail(where + " is a volume of its own; save one page a slice");
  const PageType type{tag<std::uint32_t>(TIFFTAG_IMAGEWIDTH, 0),
                      tag<std::uint32_t>(TIFFTAG_IMAGELENGTH, 0), *dtype,
                      format == SAMPLEFORMAT_INT};
  if (type.x == 0 || type.y == 0) fail(where + " has no pixels; the file is damaged");
  return type;
}

double TiffFile::page_ratio() const {
  const auto compression = tag<std::uint16_t>(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  const double ratio = largest_ratio(compression);
  if (ratio > 0) return ratio;
  const TIFFCodec* codec = TIFFFindCODEC(compression);
  fail("page " + std::to_string(pages() + 1) + " is compressed by " +
       (codec ? codec->name : "method " + std::to_string(compression)) +
       ", which is not read; save it uncompressed or with deflate");
}

void TiffFile::require_possible(double bytes) const {
  if (bytes > ratio_ * file_bytes_)
    fail("claims " + human_bytes(bytes) + " of pixels, more than a file of " +
         human_bytes(file_bytes_) + " can hold; it is truncated or damaged");
}

void TiffFile::expand_to(std::int64_t images) {
  if (pages() != 1 || ratio_ != 1 || TIFFIsTiled(tiff_.get()) ||
      TIFFNumberOfStrips(tiff_.get()) != 1)
    return;
  const std::uint64_t start = TIFFGetStrileOffset(tiff_.get(), 0);
  const double end = static_cast<double>(start) + static_cast<double>(images) * type_.bytes();
  if (end > file_bytes_) return;
  raw_pixels_ = start;
  directories_.resize(static_cast<std::size_t>(images));
}

void TiffFile::read_page(std::int64_t page, std::byte* to) {
  error_ = {};
  const auto index = static_cast<std::size_t>(page);
  if (raw_pixels_) {
    if (!read_raw(*raw_pixels_ + index * page_bytes(), to)) fail_reading(page);
  } else {
    if (!TIFFSetSubDirectory(tiff_.get(), directories_[index])) fail_reading(page);
    if (!(TIFFIsTiled(tiff_.get()) ? read_tiles(to) : read_strips(to))) fail_reading(page);
  }
  if (!type_.is_signed) return;
  const auto* pixels = reinterpret_cast<const std::int32_t*>(to);
  if (std::any_of(pixels, pixels + type_.x * type_.y, [](std::int32_t pixel) { return pixel < 0; }))
    fail("page " + std::to_string(page + 1) + " has negative values; convert it to 32-bit float");
}

bool TiffFile::decoded(Decoder decoder, std::uint32_t number, std::byte* to, tmsize_t bytes) const {
  // With damaged data some of libtiff's decoders report success, but leave pixels as they were.
  if (ratio_ > 1) std::memset(to, 0, static_cast<std::size_t>(bytes));
  return decoder(tiff_.get(), number, to, bytes) == bytes;
}

bool TiffFile::read_strips(std::byte* to) {
  const std::int64_t rows =
      std::min<std::int64_t>(tag<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, 0), type_.y);
  if (rows == 0) return false;
  std::uint32_t strip = 0;
  for (std::int64_t y = 0; y < type_.y; y += rows, ++strip) {
    const auto bytes = std::min(rows, type_.y - y) * static_cast<tmsize_t>(row_bytes());
    if (!decoded(TIFFReadEncodedStrip, strip, to, bytes)) return false;
    to += bytes;
  }
  return true;
}

bool TiffFile::read_tiles(std::byte* to) {
  const std::int64_t width = tag<std::uint32_t>(TIFFTAG_TILEWIDTH, 0);
  const std::int64_t height = tag<std::uint32_t>(TIFFTAG_TILELENGTH, 0);
  if (width == 0 || height == 0) return false;
  require_possible(PageType{width, height, type_.dtype}.bytes());
  const std::size_t pixel = bytes_of(type_.dtype);
  Image tile = allocate(name(), {width, height, 1}, type_.dtype);
  const auto bytes = static_cast<tmsize_t>(tile.bytes());
  std::uint32_t number = 0;  // row by row
  for (std::int64_t y = 0; y < type_.y; y += height)
    for (std::int64_t x = 0; x < type_.x; x += width, ++number) {
      if (!decoded(TIFFReadEncodedTile, number, tile.data(), bytes)) return false;
      const std::size_t wanted = static_cast<std::size_t>(std::min(width, type_.x - x)) * pixel;
      for (std::int64_t row = 0; row < std::min(height, type_.y - y); ++row)
        std::memcpy(to + static_cast<std::size_t>((y + row) * type_.x + x) * pixel,
                    tile.data() + static_cast<std::size_t>(row * width) * pixel, wanted);
    }
  return true;
}

bool TiffFile::read_raw(std::uint64_t from, std::byte* to) const {
  const std::size_t bytes = page_bytes();
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t got =
        pread(TIFFFileno(tiff_.get()), to + done, bytes - done, static_cast<off_t>(from + done));
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  if (!TIFFIsByteSwapped(tiff_.get())) return true;
  const tmsize_t pixels = type_.x * type_.y;
  if (bytes_of(type_.dtype) == 2)
    TIFFSwabArrayOfShort(reinterpret_cast<std::uint16_t*>(to), pixels);
  if (bytes_of(type_.dtype) == 4) TIFFSwabArrayOfLong(reinterpret_cast<std::uint32_t*>(to), pixels);
  return true;
}

using Properties = std::map<std::string, std::string, std::less<>>;

/// The "key=value" lines of an ImageJ description; none where it is another program's.
Properties imagej_properties(const std::string& description) {
  Properties properties;
  if (!description.starts_with("ImageJ=")) return properties;
  for (const std::string& line : split(description, '\n'))
    if (const auto equals = line.find('='); equals != std::string::npos)
      properties.emplace(line.substr(0, equals), line.substr(equals + 1));
  return properties;
}

/// Micrometres in a unit as ImageJ spells it; nothing where it is no length, such as "pixel".
std::optional<double> micrometres_in(std::string_view unit) {
  static const std::map<std::string_view, double> units{
      {"micron", 1},    {"microns", 1}, {"um", 1},   {"\\u00B5m", 1},
      {"\xC2\xB5m", 1},  // micro sign in UTF-8
      {"\xCE\xBCm", 1},  // Greek mu in UTF-8
      {"\xB5m", 1},      // micro sign in Latin-1
      {"nm", 1e-3},     {"mm", 1e3},    {"cm", 1e4}, {"inch", 25400}};
  const auto found = units.find(unit);
  return found == units.end() ? std::nullopt : std::optional(found->second);
}

Spacing imagej_spacing(const Properties& properties, const Spacing& resolution) {
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    const auto found = properties.find(key);
    return found == properties.end() ? otherwise : std::string_view(found->second);
  };
  const auto scaled = [](std::string_view unit, double distance) {
    const auto scale = micrometres_in(unit);
    if (!scale) return 1.0;
    // Like ImageJ: no sign, and one unit for a distance that makes no sense.
    const double micrometres = *scale * std::abs(distance);
    return micrometres > 0 && std::isfinite(micrometres) ? micrometres : *scale;
  };
  const std::string_view unit = text("unit", "");
  const double depth = parse_number<double>(text("spacing", "1")).value_or(1);
  return {scaled(unit, 1 / resolution.x), scaled(text("yunit", unit), 1 / resolution.y),
          scaled(text("zunit", unit), depth)};
}

/// The pages of a hyperstack: channels change fastest, then slices, then frames.
struct Layout {
  std::int64_t channels = 1, slices = 1, frames = 1;
};

Layout layout_of(TiffFile& file, const Properties& properties) {
  const auto count = [&](std::string_view key, std::int64_t otherwise) {
    const auto found = properties.find(key);
    return found == properties.end() ? otherwise
                                     : parse_number<std::int64_t>(found->second).value_or(0);
  };
  const std::int64_t images = count("images", file.pages());
  if (file.pages() == 1 && images > 1) file.expand_to(images);
  if (images != file.pages())
    file.fail("its ImageJ description counts " + std::to_string(images) +
              " images, but the file holds " + std::to_string(file.pages()) +
              "; it is truncated, or save it anew with ImageJ");
  const std::int64_t channels = count("channels", 1), frames = count("frames", 1);
  const bool divides =
      channels > 0 && frames > 0 && images % channels == 0 && images / channels % frames == 0;
  const std::int64_t slices = divides ? images / channels / frames : 0;
  if (!divides || count("slices", slices) != slices)
    file.fail("the channels, slices and frames of its ImageJ description do not make up its " +
              std::to_string(images) + " images; save it anew with ImageJ");
  return {channels, slices, frames};
}

/// Refuses stacks whose pages are ordered by another program's description.
void refuse_other_orders(const TiffFile& file) {
  const std::string& text = file.description();
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  if (has("<OME") && !(has("SizeC=\"1\"") && has("SizeT=\"1\"")))
    file.fail("is an OME-TIFF of several channels or frames; save it as an ImageJ hyperstack");
  if (text.starts_with("{\"shape\"") && has("\"truncated\": true"))
    file.fail("is a truncated stack of tifffile; save it with one page a slice");
}

/// The page of the selected channel and frame in the first slice.
std::int64_t first_page(const TiffFile& file, const Layout& layout,
                        const TiffSelection& selection) {
  if ((layout.channels > 1 && !selection.channel) || (layout.frames > 1 && !selection.frame))
    file.fail("is a hyperstack (channels: " + std::to_string(layout.channels) + ", frames: " +
              std::to_string(layout.frames) + "); choose with --channel and --frame, from 0");
  const auto checked = [&](const std::string& name, int number, std::int64_t count) {
    if (number < 0 || number >= count)
      file.fail("has no " + name + " " + std::to_string(number) + "; it holds " +
                std::to_string(count) + ", counted from 0");
    return number;
  };
  const auto frame = checked("frame", selection.frame.value_or(0), layout.frames);
  const auto channel = checked("channel", selection.channel.value_or(0), layout.channels);
  return frame * layout.slices * layout.channels + channel;
}

std::string imagej_description(const Image& image) {
  if (image.dtype() == DType::u32) return {};
  const std::string slices = std::to_string(image.shape().z);
  std::string text = "ImageJ=1.53t\nimages=" + slices + "\nslices=" + slices + "\n";
  if (image.spacing() != Spacing{})
    text += "unit=micron\nspacing=" + shortest(image.spacing().z) + "\n";
  return text + "loop=false\n";
}

constexpr double largest_u32 = std::numeric_limits<std::uint32_t>::max();

/// `value` as TIFF's fraction of two 32-bit numbers, the numerator in the low half. Its parts are
/// as large as they can be: nine digits hold.
std::uint64_t fraction(double value) {
  const bool small = value < 1;
  const double lesser = std::floor(largest_u32 * (small ? value : 1 / value));
  const double greater = std::round(small ? lesser / value : lesser * value);
  const auto numerator = static_cast<std::uint64_t>(small ? lesser : greater);
  const auto denominator = static_cast<std::uint64_t>(small ? greater : lesser);
  const std::uint64_t divisor = std::gcd(numerator, denominator);
  return numerator / divisor | denominator / divisor << 32;
}

/// What lies in front of the pixels of a file: header, description, a directory for each page. All
/// directories come first since ImageJ takes the slices of a stack to follow each other without
/// gaps.
class Head {
 public:
  Head(const Image& image, bool big);
  const std::string& bytes() const { return bytes_; }

 private:
  struct Tag {
    int name, type;
    std::uint64_t value, count = 1;  ///< of several values, `value` tells where they lie
  };
  std::vector<Tag> tags(std::int64_t page) const;
  void put_directory(std::int64_t page);
  void put(std::uint64_t value, int size) {
    for (; size > 0; --size, value >>= 8) bytes_ += static_cast<char>(value & 0xff);
  }
  void put_offset(std::uint64_t value) { put(value, big_ ? 8 : 4); }

  const Image& image_;
  const bool big_;
  const std::string description_;
  std::uint64_t description_at_ = 0, resolution_at_ = 0, pixels_at_ = 0;
  std::string bytes_;
};

Head::Head(const Image& image, bool big)
    : image_(image), big_(big), description_(imagej_description(image)) {
  const auto aligned = [](std::uint64_t position) { return (position + 15) / 16 * 16; };
  const std::uint64_t tag_count = tags(0).size();
  const std::uint64_t directory = big ? 8 + 20 * tag_count + 8 : 2 + 12 * tag_count + 4;
  description_at_ = big ? 16 : 8;
  resolution_at_ = aligned(description_at_ + description_.size() + 1);
  const std::uint64_t directories_at = resolution_at_ + 16;
  pixels_at_ = aligned(directories_at + static_cast<std::uint64_t>(image.shape().z) * directory);

  bytes_ = "II";
  put(big ? 43 : 42, 2);
  if (big) put(8, 4);  // an offset's bytes
  put_offset(directories_at);
  bytes_ += description_;
  bytes_.resize(resolution_at_);
  put(fraction(1 / image.spacing().x), 8);
  put(fraction(1 / image.spacing().y), 8);
  for (std::int64_t page = 0; page < image.shape().z; ++page) put_directory(page);
  bytes_.resize(pixels_at_);
}

std::vector<Head::Tag> Head::tags(std::int64_t page) const {
  const auto x = static_cast<std::uint64_t>(image_.shape().x);
  const auto y = static_cast<std::uint64_t>(image_.shape().y);
  const std::uint64_t page_bytes = x * y * bytes_of(image_.dtype());
  const int offset = big_ ? TIFF_LONG8 : TIFF_LONG;
  const std::uint64_t format =
      image_.dtype() == DType::f32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT;
  std::vector<Tag> tags{
      {TIFFTAG_IMAGEWIDTH, TIFF_LONG, x},
      {TIFFTAG_IMAGELENGTH, TIFF_LONG, y},
      {TIFFTAG_BITSPERSAMPLE, TIFF_SHORT, 8 * bytes_of(image_.dtype())},
      {TIFFTAG_COMPRESSION, TIFF_SHORT, COMPRESSION_NONE},
      {TIFFTAG_PHOTOMETRIC, TIFF_SHORT, PHOTOMETRIC_MINISBLACK},
      {TIFFTAG_STRIPOFFSETS, offset, pixels_at_ + static_cast<std::uint64_t>(page) * page_bytes},
      {TIFFTAG_SAMPLESPERPIXEL, TIFF_SHORT, 1},
      {TIFFTAG_ROWSPERSTRIP, TIFF_LONG, y},
      {TIFFTAG_STRIPBYTECOUNTS, offset, page_bytes},
      {TIFFTAG_SAMPLEFORMAT, TIFF_SHORT, format}};
  if (!description_.empty())
    tags.push_back(
        {TIFFTAG_IMAGEDESCRIPTION, TIFF_ASCII, description_at_, description_.size() + 1});
  if (!description_.empty() && image_.spacing() != Spacing{}) {
    // In BigTIFF a fraction fits into the tag itself.
    const auto resolution = [&](double spacing, std::uint64_t at) {
      return big_ ? fraction(1 / spacing) : at;
    };
    tags.push_back(
        {TIFFTAG_XRESOLUTION, TIFF_RATIONAL, resolution(image_.spacing().x, resolution_at_)});
    tags.push_back(
        {TIFFTAG_YRESOLUTION, TIFF_RATIONAL, resolution(image_.spacing().y, resolution_at_ + 8)});
    tags.push_back({TIFFTAG_RESOLUTIONUNIT, TIFF_SHORT, RESUNIT_NONE});
  }
  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.name < b.name; });
  return tags;
}

void Head::put_directory(std::int64_t page) {
  const std::vector<Tag> all = tags(page);
  put(all.size(), big_ ? 8 : 2);
  for (const Tag& tag : all) {
    put(static_cast<std::uint64_t>(tag.name), 2);
    put(static_cast<std::uint64_t>(tag.type), 2);
    put_offset(tag.count);
    put_offset(tag.value);
  }
  const std::uint64_t next = bytes_.size() + (big_ ? 8 : 4);
  put_offset(page + 1 < image_.shape().z ? next : 0);
}

}  // namespace

Image read_tiff(const std::filesystem::path& path, const TiffSelection& selection) {
  TiffFile file(path);
  refuse_other_orders(file);
  const Properties properties = imagej_properties(file.description());
  const Layout layout = layout_of(file, properties);
  const std::int64_t first = first_page(file, layout, selection);
  Image image = allocate(file.name(), {file.type().x, file.type().y, layout.slices},
                         file.type().dtype, imagej_spacing(properties, file.resolution()));
  const std::size_t slice_bytes = image.bytes() / static_cast<std::size_t>(layout.slices);
  for (std::int64_t z = 0; z < layout.slices; ++z)
    file.read_page(first + z * layout.channels,
                   image.data() + static_cast<std::size_t>(z) * slice_bytes);
  return image;
}

void write_tiff(const std::filesystem::path& path, const Image& image) {
  const Shape& shape = image.shape();
  const Spacing& spacing = image.spacing();
  const auto fail = [&](const std::string& why) {
    return BadInput("cannot write " + path.string() + ": " + why);
  };
  if (std::min({shape.x, shape.y, shape.z}) < 1) throw fail("the image has no pixels");
  if (std::max({shape.x, shape.y, shape.z}) > std::int64_t{UINT32_MAX})
    throw fail("an extent passes 2^32 - 1, TIFF's limit");
  for (const double distance : {spacing.x, spacing.y, spacing.z})
    if (!(distance > 1 / largest_u32 && distance < largest_u32))
      throw fail("a spacing of " + shortest(distance) + " µm does not fit a TIFF");
  std::string head = Head(image, false).bytes();
  if (head.size() + image.bytes() > UINT32_MAX) head = Head(image, true).bytes();

  write_atomically(path, [&](const std::filesystem::path& temporary) {
    errno = 0;
    std::ofstream file(temporary, std::ios::binary);
    file.write(head.data(), static_cast<std::streamsize>(head.size()));
    file.write(reinterpret_cast<const char*>(image.data()),
               static_cast<std::streamsize>(image.bytes()));
    file.close();  // here a full disk may first show
    if (!file) throw fail(errno ? std::strerror(errno) : "unknown reason");
  });
}

}  // namespace voxelmark
