#include "engines/operations/find_maxima.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

std::vector<float> as_float(const Image& image) {
  std::vector<float> values(static_cast<std::size_t>(image.shape().voxels()));
  visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = image.pixels<T>();
    std::transform(pixels.begin(), pixels.end(), values.begin(),
                   [](T value) { return static_cast<float>(value); });
  });
  return values;
}

/// Voxels without a higher neighbour, the highest first.
std::vector<std::uint32_t> local_maxima(const std::vector<float>& values, const Shape& shape) {
  std::vector<std::uint32_t> peaks;
  for (std::size_t i = 0; i < values.size(); ++i) {
    bool highest = !is_nan(values[i]);
    for_each_neighbour(shape, static_cast<std::int64_t>(i), true,
                       [&](std::size_t j) { highest &= !(values[j] > values[i]); });
    if (highest) peaks.push_back(static_cast<std::uint32_t>(i));
  }
  std::stable_sort(peaks.begin(), peaks.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return values[a] > values[b]; });
  return peaks;
}

/// Of the hill's voxels of this height the one nearest to their centre, the first of equals.
/// Nothing where they are the whole image.
std::optional<std::size_t> centre_of_top(const std::vector<std::size_t>& hill,
                                         const std::vector<float>& values, float height,
                                         const Shape& shape) {
  const auto for_each_highest = [&](const auto& f) {
    for (const std::size_t i : hill)
      if (values[i] == height)
        f(i, static_cast<std::int64_t>(i) % shape.x, static_cast<std::int64_t>(i) / shape.x);
  };
  HillTop top;
  for_each_highest([&](std::size_t, std::int64_t x, std::int64_t y) {
    top = {top.x + x, top.y + y, top.count + 1};
  });
  if (top.count == shape.voxels()) return std::nullopt;
  double best = std::numeric_limits<double>::infinity();
  std::size_t nearest = hill.front();
  for_each_highest([&](std::size_t i, std::int64_t x, std::int64_t y) {
    const double squared = top.squared_distance(x, y);
    if (squared < best || (squared == best && i < nearest)) {
      best = squared;
      nearest = i;
    }
  });
  return nearest;
}

}  // namespace

// From each local maximum, the highest first, its hill is flooded. Where the flood meets a higher
// voxel, or one that an earlier flood has seen, another maximum has decided already: a hill of its
// height or more reaches here.
void find_maxima(const Job& job, Image& output) {
  const Shape& shape = job.input().shape();
  require_countable(shape);
  const float prominence = job.parameters.number("prominence");
  const std::vector<float> values = as_float(job.input());
  const auto marks = output.pixels<std::uint8_t>();
  std::fill(marks.begin(), marks.end(), std::uint8_t{0});
  std::vector<bool> decided(values.size(), false), listed(values.size(), false);
  std::vector<std::size_t> hill;
  for (const std::uint32_t peak : local_maxima(values, shape)) {
    if (decided[peak]) continue;
    const float height = values[peak], least = height - prominence;
    bool stands_out = true;
    hill.assign(1, peak);
    listed[peak] = true;
    for (std::size_t n = 0; n < hill.size() && stands_out; ++n)
      for_each_neighbour(shape, static_cast<std::int64_t>(hill[n]), true, [&](std::size_t j) {
        if (listed[j] || !(values[j] >= least)) return;
        if (decided[j] || values[j] > height) stands_out = false;
        listed[j] = true;
        hill.push_back(j);
      });
    if (stands_out)
      if (const auto centre = centre_of_top(hill, values, height, shape)) marks[*centre] = 1;
    for (const std::size_t i : hill) {
      listed[i] = false;
      decided[i] = true;
    }
  }
}

}  // namespace voxelmark::reference
