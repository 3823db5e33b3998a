#include "datasets/tiff_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <string_view>

#include "datasets/input_file.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

const std::string convert_hint = "; convert it to 8-, 16- or 32-bit grey";

int keep_first(TIFF*, void* error, const char*, const char* format, std::va_list arguments) {
  auto& text = static_cast<LibraryError*>(error)->text;
  if (!text[0]) std::vsnprintf(text.data(), text.size(), format, arguments);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return 1;  // and to nobody else: stderr stays clean
}

int drop(TIFF*, void*, const char*, const char*, std::va_list) { return 1; }

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

}  // namespace

Image allocate_pages(const std::string& file, const Shape& shape, DType dtype,
                     const Spacing& spacing) {
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

TiffFile::TiffFile(const std::filesystem::path& path)
    : path_(path), file_bytes_(static_cast<double>(input_file_bytes(path))) {
  open();
  scan();
}

TiffFile::TiffFile(const TiffFile& checked)
    : path_(checked.path_),
      file_bytes_(checked.file_bytes_),
      ratio_(checked.ratio_),
      type_(checked.type_),
      directories_(checked.directories_),
      raw_pixels_(checked.raw_pixels_),
      description_(checked.description_),
      resolution_(checked.resolution_) {
  open();
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

void TiffFile::read_rows(std::int64_t page, std::int64_t first, std::int64_t rows, std::byte* to) {
  error_ = {};
  const auto index = static_cast<std::size_t>(page);
  if (raw_pixels_) {
    const std::size_t skipped = static_cast<std::size_t>(first) * row_bytes();
    if (!read_raw(*raw_pixels_ + index * page_bytes() + skipped, rows, to)) fail_reading(page);
  } else {
    if (!TIFFSetSubDirectory(tiff_.get(), directories_[index])) fail_reading(page);
    if (!(TIFFIsTiled(tiff_.get()) ? read_tiles(first, rows, to) : read_strips(first, rows, to)))
      fail_reading(page);
  }
  if (!type_.is_signed) return;
  const auto* pixels = reinterpret_cast<const std::int32_t*>(to);
  if (std::any_of(pixels, pixels + type_.x * rows, [](std::int32_t pixel) { return pixel < 0; }))
    fail("page " + std::to_string(page + 1) + " has negative values; convert it to 32-bit float");
}

bool TiffFile::decoded(Decoder decoder, std::uint32_t number, std::byte* to, tmsize_t bytes) const {
  // With damaged data some of libtiff's decoders report success, but leave pixels as they were.
  if (ratio_ > 1) std::memset(to, 0, static_cast<std::size_t>(bytes));
  return decoder(tiff_.get(), number, to, bytes) == bytes;
}

bool TiffFile::read_strips(std::int64_t first, std::int64_t rows, std::byte* to) {
  const std::int64_t height =
      std::min<std::int64_t>(tag<std::uint32_t>(TIFFTAG_ROWSPERSTRIP, 0), type_.y);
  if (height == 0) return false;
  Image part;  // of a strip that begins before the rows, or ends behind them
  for (std::int64_t strip = first / height; strip * height < first + rows; ++strip) {
    const std::int64_t start = strip * height, end = std::min(start + height, type_.y);
    const std::int64_t from = std::max(start, first), until = std::min(end, first + rows);
    const bool whole = from == start && until == end;
    if (!whole && part.bytes() == 0)
      part = allocate_pages(name(), {type_.x, height, 1}, type_.dtype);
    std::byte* pixels = whole ? to : part.data();
    const auto bytes = (end - start) * static_cast<tmsize_t>(row_bytes());
    if (!decoded(TIFFReadEncodedStrip, static_cast<std::uint32_t>(strip), pixels, bytes))
      return false;
    const std::size_t wanted = static_cast<std::size_t>(until - from) * row_bytes();
    if (!whole)
      std::memcpy(to, pixels + static_cast<std::size_t>(from - start) * row_bytes(), wanted);
    to += wanted;
  }
  return true;
}

bool TiffFile::read_tiles(std::int64_t first, std::int64_t rows, std::byte* to) {
  const std::int64_t width = tag<std::uint32_t>(TIFFTAG_TILEWIDTH, 0);
  const std::int64_t height = tag<std::uint32_t>(TIFFTAG_TILELENGTH, 0);
  if (width == 0 || height == 0) return false;
  require_possible(PageType{width, height, type_.dtype}.bytes());
  const std::size_t pixel = bytes_of(type_.dtype);
  Image tile = allocate_pages(name(), {width, height, 1}, type_.dtype);
  const auto bytes = static_cast<tmsize_t>(tile.bytes());
  const std::int64_t across = (type_.x + width - 1) / width;
  for (std::int64_t y = first / height * height; y < first + rows; y += height)
    for (std::int64_t x = 0; x < type_.x; x += width) {
      const auto number = static_cast<std::uint32_t>(y / height * across + x / width);
      if (!decoded(TIFFReadEncodedTile, number, tile.data(), bytes)) return false;
      const std::size_t wanted = static_cast<std::size_t>(std::min(width, type_.x - x)) * pixel;
      for (std::int64_t row = std::max(y, first); row < std::min(y + height, first + rows); ++row)
        std::memcpy(to + static_cast<std::size_t>((row - first) * type_.x + x) * pixel,
                    tile.data() + static_cast<std::size_t>((row - y) * width) * pixel, wanted);
    }
  return true;
}

bool TiffFile::read_raw(std::uint64_t from, std::int64_t rows, std::byte* to) const {
  const std::size_t bytes = static_cast<std::size_t>(rows) * row_bytes();
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t got =
        pread(TIFFFileno(tiff_.get()), to + done, bytes - done, static_cast<off_t>(from + done));
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  if (!TIFFIsByteSwapped(tiff_.get())) return true;
  const tmsize_t pixels = type_.x * rows;
  if (bytes_of(type_.dtype) == 2)
    TIFFSwabArrayOfShort(reinterpret_cast<std::uint16_t*>(to), pixels);
  if (bytes_of(type_.dtype) == 4) TIFFSwabArrayOfLong(reinterpret_cast<std::uint32_t*>(to), pixels);
  return true;
}

namespace {

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

/// Channels, slices and frames.
std::array<std::int64_t, 3> layout_of(TiffFile& file, const Properties& properties) {
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

}  // namespace

TiffStack::TiffStack(const std::filesystem::path& path) : file_(path) {
  refuse_other_orders(file_);
  const Properties properties = imagej_properties(file_.description());
  const auto layout = layout_of(file_, properties);
  channels_ = layout[0], slices_ = layout[1], frames_ = layout[2];
  spacing_ = imagej_spacing(properties, file_.resolution());
}

void TiffStack::fail_unselected() const {
  file_.fail("is a hyperstack (channels: " + std::to_string(channels_) + ", frames: " +
             std::to_string(frames_) + "); choose with --channel and --frame, from 0");
}

void TiffStack::require_one_of(const std::string& name, std::optional<int> number,
                               std::int64_t count) const {
  if (number.value_or(0) < 0 || number.value_or(0) >= count)
    file_.fail("has no " + name + " " + std::to_string(*number) + "; it holds " +
               std::to_string(count) + ", counted from 0");
}

void TiffStack::require_channel(const TiffSelection& selection) const {
  if (channels_ > 1 && !selection.channel) fail_unselected();
  require_one_of("frame", selection.frame, frames_);
  require_one_of("channel", selection.channel, channels_);
}

void TiffStack::require_channel_and_frame(const TiffSelection& selection) const {
  if (frames_ > 1 && !selection.frame) fail_unselected();
  require_channel(selection);
}

}  // namespace voxelmark
