#include "validate/pictures.hpp"

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/core/error.hpp"
#include "engines/core/files.hpp"

namespace voxelmark {

namespace {

using Colour = std::array<double, 3>;  // sRGB, 0..255

// Okabe's and Ito's colours, told apart by colour-blind readers; for differences ColorBrewer's
// RdBu.
constexpr Colour black{0, 0, 0}, white{255, 255, 255};
constexpr Colour orange{230, 159, 0}, blue{86, 180, 233}, green{0, 158, 115};
constexpr Colour negative{33, 102, 172}, positive{178, 24, 43};

Colour blend(const Colour& from, const Colour& to, double part) {
  Colour colour;
  for (int i = 0; i < 3; ++i) colour[i] = from[i] + (to[i] - from[i]) * part;
  return colour;
}

struct Pixel {
  Colour colour;
  double weight = 0;  ///< of a block that is reduced to one pixel, the heaviest is shown
};

/// Writes `pixel(x, y)` of a slice as a picture of a good size.
template <class F>
void write_picture(const std::filesystem::path& path, const Shape& shape, const F& pixel) {
  constexpr std::int64_t least = 512, most = 2048;
  const std::int64_t longer = std::max(shape.x, shape.y);
  const std::int64_t enlarge = (least + longer - 1) / longer, reduce = (longer + most - 1) / most;
  const std::int64_t width = (shape.x + reduce - 1) / reduce * enlarge;
  const std::int64_t height = (shape.y + reduce - 1) / reduce * enlarge;
  std::vector<png_byte> bytes;
  bytes.reserve(static_cast<std::size_t>(3 * width * height));
  for (std::int64_t row = 0; row < height; ++row) {
    if (row % enlarge != 0) {
      bytes.insert(bytes.end(), bytes.end() - 3 * width, bytes.end());
      continue;
    }
    for (std::int64_t column = 0; column < width; column += enlarge) {
      const std::int64_t left = column / enlarge * reduce, top = row / enlarge * reduce;
      Pixel shown = pixel(left, top);
      for (std::int64_t y = top; y < std::min(top + reduce, shape.y); ++y)
        for (std::int64_t x = left; x < std::min(left + reduce, shape.x); ++x)
          if (const Pixel other = pixel(x, y); other.weight > shown.weight) shown = other;
      for (std::int64_t i = 0; i < enlarge; ++i)
        for (const double channel : shown.colour)
          bytes.push_back(static_cast<png_byte>(std::lround(channel)));
    }
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  std::string file(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = file.size();
  // By way of memory: libpng's own writing to files removes what it cannot write, devices too.
  if (!png_image_write_to_memory(&image, file.data(), &size, 0, bytes.data(), 0, nullptr))
    throw BadInput("cannot write " + path.string() + ": " + image.message);
  file.resize(size);
  write_text(path, file);
}

void require_match(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape() || reference.dtype() != test.dtype())
    throw std::logic_error("picture of images of different shape or type");
  if (reference.shape().voxels() == 0) throw std::logic_error("picture of an empty image");
}

/// One slice of a label image.
struct Labels {
  const std::uint32_t* pixels;
  Shape shape;

  Labels(const Image& image, std::int64_t slice)
      : pixels(image.pixels<std::uint32_t>().data() + offset(image.shape(), 0, 0, slice)),
        shape(image.shape()) {}

  bool foreground(std::int64_t x, std::int64_t y) const { return pixels[y * shape.x + x] != 0; }
  bool outline(std::int64_t x, std::int64_t y) const {
    const std::uint32_t* at = pixels + y * shape.x + x;
    return *at != 0 && ((x > 0 && at[-1] != *at) || (x + 1 < shape.x && at[1] != *at) ||
                        (y > 0 && at[-shape.x] != *at) || (y + 1 < shape.y && at[shape.x] != *at));
  }
};

std::int64_t disagreeing(const Labels& a, const Labels& b) {
  std::int64_t count = 0;
  for (std::int64_t y = 0; y < a.shape.y; ++y)
    for (std::int64_t x = 0; x < a.shape.x; ++x)
      count += a.foreground(x, y) != b.foreground(x, y) || a.outline(x, y) != b.outline(x, y);
  return count;
}

}  // namespace

OverlayPicture overlay_png(const std::filesystem::path& path, const Image& reference,
                           const Image& test, const Image* background) {
  require_match(reference, test);
  const Shape& shape = reference.shape();
  if (background && background->shape() != shape)
    throw std::logic_error("background of another shape");
  OverlayPicture picture{0, -1};
  for (std::int64_t z = 0; z < shape.z; ++z)
    if (const auto count = disagreeing({reference, z}, {test, z}); count > picture.disagreeing)
      picture = {z, count};

  // Dimmed, to leave the brightest to the outlines.
  constexpr double brightest = 200;
  Image grey;
  Range range;
  if (background) {
    grey = crop(*background, {{0, 0, picture.slice}, {shape.x, shape.y, 1}});
    range = range_of(grey);
  }
  const auto grey_at = [&](std::int64_t x, std::int64_t y) -> Colour {
    if (!background || range.maximum <= range.minimum) return black;
    const double value = visit(grey.dtype(), [&]<class T>(std::type_identity<T>) {
      return static_cast<double>(grey.pixels<T>()[y * shape.x + x]);
    });
    const double part = (value - range.minimum) / (range.maximum - range.minimum);
    return blend(black, white, std::isnan(part) ? 0 : std::clamp(part, 0.0, 1.0) * brightest / 255);
  };
  const Labels a(reference, picture.slice), b(test, picture.slice);
  write_picture(path, shape, [&](std::int64_t x, std::int64_t y) -> Pixel {
    const bool outline_a = a.outline(x, y), outline_b = b.outline(x, y);
    if (outline_a && outline_b) return {white, 3};
    if (outline_a) return {orange, 4};
    if (outline_b) return {blue, 4};
    const bool inside_a = a.foreground(x, y), inside_b = b.foreground(x, y);
    const Colour below = grey_at(x, y);
    if (inside_a && inside_b) return {blend(below, green, 0.3), 1};
    if (inside_a) return {blend(below, orange, 0.4), 2};
    if (inside_b) return {blend(below, blue, 0.4), 2};
    return {below, 0};
  });
  return picture;
}

DifferencePicture difference_png(const std::filesystem::path& path, const Image& reference,
                                 const Image& test) {
  require_match(reference, test);
  const Shape& shape = reference.shape();
  return visit(reference.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto x = reference.pixels<T>(), y = test.pixels<T>();
    const auto difference = [&](std::int64_t i) {
      if (x[i] == y[i] || (is_nan(x[i]) && is_nan(y[i]))) return 0.0;
      return static_cast<double>(y[i]) - static_cast<double>(x[i]);
    };
    DifferencePicture picture;
    const std::int64_t area = shape.x * shape.y;
    std::pair<std::int64_t, double> worst{0, -1};
    for (std::int64_t z = 0; z < shape.z; ++z) {
      std::pair<std::int64_t, double> slice{0, 0};
      double scale = 0;
      for (std::int64_t i = z * area; i < (z + 1) * area; ++i) {
        const double d = std::abs(difference(i));
        if (!std::isfinite(d)) {
          ++slice.first;
          continue;
        }
        slice.second += d;
        scale = std::max(scale, d);
      }
      if (slice <= worst) continue;
      worst = slice;
      picture = {z, scale};
    }
    write_picture(path, shape, [&](std::int64_t column, std::int64_t row) -> Pixel {
      const double d = difference(picture.slice * area + row * shape.x + column);
      if (std::isnan(d)) return {black, std::numeric_limits<double>::infinity()};
      if (d == 0) return {white, 0};
      // The least difference is still seen beside the largest.
      constexpr double faintest = 0.2;
      const double part = std::abs(d) < picture.scale ? std::abs(d) / picture.scale : 1;
      return {blend(white, d < 0 ? negative : positive, faintest + (1 - faintest) * part),
              std::abs(d)};
    });
    return picture;
  });
}

}  // namespace voxelmark
