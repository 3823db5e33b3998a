#include "validate/illustration.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace voxelmark {

namespace {

constexpr std::int64_t largest_side = 96;

/// The cut-out's values, line by line.
std::vector<double> values(const Image& image, const CutOut& part) {
  std::vector<double> all;
  all.reserve(static_cast<std::size_t>(part.width * part.height));
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = image.pixels<T>();
    for (std::int64_t y = part.y; y < part.y + part.height; ++y)
      for (std::int64_t x = part.x; x < part.x + part.width; ++x)
        all.push_back(static_cast<double>(
            pixels[static_cast<std::size_t>(offset(image.shape(), x, y, part.slice))]));
  });
  return all;
}

std::string encoded(const std::vector<png_byte>& greys, const CutOut& part) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(part.width);
  image.height = static_cast<png_uint_32>(part.height);
  image.format = PNG_FORMAT_GRAY;
  std::string file(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = file.size();
  if (!png_image_write_to_memory(&image, file.data(), &size, 0, greys.data(), 0, nullptr))
    throw std::runtime_error(std::string("libpng: ") + image.message);
  file.resize(size);
  return file;
}

png_byte grey(double value, double black, double white) {
  if (std::isnan(value)) return 0;
  const double part = white > black ? (value - black) / (white - black) : 0;
  return static_cast<png_byte>(std::lround(255 * std::clamp(part, 0.0, 1.0)));
}

/// Neighbouring labels get greys that are told apart.
png_byte grey_of_label(double label) {
  return label == 0 ? 0 : static_cast<png_byte>(64 + static_cast<std::int64_t>(label) * 67 % 192);
}

/// The finite values' range, or that of `like` where it is given.
GreyPicture picture(const Image& image, const CutOut& part, const GreyPicture* like = nullptr) {
  const auto all = values(image, part);
  GreyPicture shown;
  bool any = false;
  for (const double value : all) {
    if (!std::isfinite(value)) continue;
    shown.black = any ? std::min(shown.black, value) : value;
    shown.white = any ? std::max(shown.white, value) : value;
    any = true;
  }
  const bool labels = image.dtype() == DType::u32;
  if (labels) shown.black = 0;
  if (like) std::tie(shown.black, shown.white) = std::pair(like->black, like->white);
  std::vector<png_byte> greys;
  for (const double value : all)
    greys.push_back(labels ? grey_of_label(value) : grey(value, shown.black, shown.white));
  shown.png = encoded(greys, part);
  return shown;
}

void add_difference(Illustration& shown, const Image& expected, const Image& result) {
  const auto before = values(expected, shown.place), after = values(result, shown.place);
  std::vector<double> differences;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const bool equal = before[i] == after[i] || (std::isnan(before[i]) && std::isnan(after[i]));
    const double d = equal                            ? 0
                     : expected.dtype() == DType::u32 ? std::copysign(1, after[i] - before[i])
                                                      : after[i] - before[i];
    differences.push_back(d);
    if (std::isfinite(d)) shown.difference_scale = std::max(shown.difference_scale, std::abs(d));
  }
  if (std::all_of(differences.begin(), differences.end(), [](double d) { return d == 0; })) return;
  std::vector<png_byte> greys;
  for (const double d : differences) {
    // What is NaN or infinite on one side alone stands out as the largest difference.
    const double part = std::isfinite(d) && shown.difference_scale > 0
                            ? d / shown.difference_scale
                            : std::copysign(d == 0 ? 0.0 : 1.0, d);
    // Away from zero: the smallest difference is seen.
    const double step = std::copysign(std::ceil(8 * std::abs(part)), part);
    greys.push_back(static_cast<png_byte>(std::clamp(128 + 16 * step, 0.0, 255.0)));
  }
  shown.difference = encoded(greys, shown.place);
}

}  // namespace

CutOut middle_of(const Shape& shape) {
  const std::int64_t width = std::min(shape.x, largest_side),
                     height = std::min(shape.y, largest_side);
  return {shape.z / 2, (shape.x - width) / 2, (shape.y - height) / 2, width, height};
}

Illustration illustrate(const Image& input, const Image& expected, const Image& result) {
  if (expected.shape() != result.shape() || expected.dtype() != result.dtype())
    throw std::logic_error("illustration of images of different shape or type");
  Illustration shown;
  shown.place = middle_of(result.shape());
  shown.input = picture(input, middle_of(input.shape()));
  shown.expected = picture(expected, shown.place);
  shown.result = picture(result, shown.place, &shown.expected);
  add_difference(shown, expected, result);
  if (expected.dtype() != DType::u32) shown.pairs = pair_density(expected, result);
  return shown;
}

}  // namespace voxelmark
