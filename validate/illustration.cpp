#include "validate/illustration.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace voxelmark {

namespace {

constexpr std::int64_t largest_side = 96, largest_map_side = 192;

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

std::string encoded(const std::vector<png_byte>& greys, std::int64_t width, std::int64_t height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
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
  shown.png = encoded(greys, part.width, part.height);
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
  shown.difference = encoded(greys, shown.place.width, shown.place.height);
}

/// |result − expected| of a slice, line by line; infinite where one side alone is NaN or infinite.
std::vector<double> distances(const Image& expected, const Image& result, std::int64_t slice) {
  const CutOut whole{slice, 0, 0, result.shape().x, result.shape().y};
  auto all = values(expected, whole);
  const auto found = values(result, whole);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool equal = all[i] == found[i] || (std::isnan(all[i]) && std::isnan(found[i]));
    const double distance = equal ? 0 : std::abs(found[i] - all[i]);
    all[i] = std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
  }
  return all;
}

void require_match(const Image& expected, const Image& result) {
  if (expected.shape() != result.shape() || expected.dtype() != result.dtype())
    throw std::logic_error("illustration of images of different shape or type");
}

}  // namespace

CutOut middle_of(const Shape& shape) {
  const std::int64_t width = std::min(shape.x, largest_side),
                     height = std::min(shape.y, largest_side);
  return {shape.z / 2, (shape.x - width) / 2, (shape.y - height) / 2, width, height};
}

Illustration illustrate(const Image& input, const Image& expected, const Image& result) {
  require_match(expected, result);
  Illustration shown;
  shown.place = middle_of(result.shape());
  shown.input = picture(input, middle_of(input.shape()));
  shown.expected = picture(expected, shown.place);
  shown.result = picture(result, shown.place, &shown.expected);
  add_difference(shown, expected, result);
  if (expected.dtype() != DType::u32) shown.pairs = pair_density(expected, result);
  return shown;
}

std::optional<DifferenceMap> difference_map(const Image& expected, const Image& result) {
  require_match(expected, result);
  const Shape& shape = result.shape();
  DifferenceMap map{"", 0, shape.x, shape.y};
  std::vector<double> shown;
  std::pair<double, double> worst{0, 0};  // the largest, and of equal ones the largest sum
  for (std::int64_t z = 0; z < shape.z; ++z) {
    auto slice = distances(expected, result, z);
    const std::pair<double, double> size{*std::max_element(slice.begin(), slice.end()),
                                         std::accumulate(slice.begin(), slice.end(), 0.0)};
    if (size <= worst) continue;
    worst = size;
    map.slice = z;
    shown = std::move(slice);
  }
  if (shown.empty()) return std::nullopt;
  for (const double d : shown)
    if (std::isfinite(d)) map.largest = std::max(map.largest, d);
  map.block = (std::max(shape.x, shape.y) + largest_map_side - 1) / largest_map_side;
  const std::int64_t width = (shape.x + map.block - 1) / map.block,
                     height = (shape.y + map.block - 1) / map.block;
  std::vector<double> pixels(static_cast<std::size_t>(width * height));
  for (std::int64_t y = 0; y < shape.y; ++y)
    for (std::int64_t x = 0; x < shape.x; ++x) {
      double& pixel = pixels[static_cast<std::size_t>(y / map.block * width + x / map.block)];
      pixel = std::max(pixel, shown[static_cast<std::size_t>(y * shape.x + x)]);
    }
  std::vector<png_byte> greys;
  for (const double d : pixels) {
    const double part = std::isfinite(d) ? d / map.largest : 1;
    // Few greys make small files; the smallest difference is told from none, and a tenth of the
    // largest from a hundredth.
    greys.push_back(d == 0 ? 0 : static_cast<png_byte>(63 + 12 * std::ceil(16 * std::sqrt(part))));
  }
  map.png = encoded(greys, width, height);
  return map;
}

}  // namespace voxelmark
