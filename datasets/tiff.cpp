#include "datasets/tiff.hpp"

#include <tiffio.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "datasets/tiff_file.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

static_assert(std::endian::native == std::endian::little, "pixels are written as they lie");

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
  TiffStack stack(path);
  stack.require_channel_and_frame(selection);
  TiffFile& file = stack.file();
  Image image = allocate_pages(file.name(), {file.type().x, file.type().y, stack.slices()},
                               file.type().dtype, stack.spacing());
  const std::size_t slice_bytes = image.bytes() / static_cast<std::size_t>(stack.slices());
  for (std::int64_t z = 0; z < stack.slices(); ++z)
    file.read_page(stack.page(selection.channel.value_or(0), selection.frame.value_or(0), z),
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
