#include "engines/operations/gaussian_blur.hpp"

#include <algorithm>

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

/// The part of an axis that outputs from `begin` for `count` voxels depend on.
struct Span {
  std::int64_t begin, count;
};

Span grown(std::int64_t begin, std::int64_t count, std::int64_t radius, std::int64_t extent) {
  const std::int64_t first = std::max<std::int64_t>(begin - radius, 0);
  return {first, std::min(begin + count + radius, extent) - first};
}

}  // namespace

// z first, then y, then x: a slab of whole slices or rows then needs no voxel twice.
void gaussian_blur(const Job& job, const Region& region, std::span<double> values) {
  const auto weights = gaussian_weights(job.parameters.per_axis("sigma"));
  const auto radius = [&](int axis) { return static_cast<std::int64_t>(weights[axis].size() / 2); };
  const Shape& shape = job.input().shape();
  const auto& [origin, extent] = region;
  const Span xs = grown(origin.x, extent.x, radius(0), shape.x);
  const Span ys = grown(origin.y, extent.y, radius(1), shape.y);

  const Shape after_z{xs.count, ys.count, extent.z};
  std::vector<double> blurred_z(static_cast<std::size_t>(after_z.voxels()));
  for_each_voxel({{xs.begin, ys.begin, origin.z}, after_z}, blurred_z,
                 [&](auto x, auto y, auto z, double& v) {
                   v = 0;
                   for (std::int64_t d = -radius(2); d <= radius(2); ++d)
                     v += weights[2][d + radius(2)] * clamped(job.input(), x, y, z + d);
                 });

  const Shape after_y{xs.count, extent.y, extent.z};
  std::vector<double> blurred_y(static_cast<std::size_t>(after_y.voxels()));
  for_each_voxel({{0, origin.y, 0}, after_y}, blurred_y, [&](auto x, auto y, auto z, double& v) {
    v = 0;
    for (std::int64_t d = -radius(1); d <= radius(1); ++d) {
      const std::int64_t from = std::clamp<std::int64_t>(y + d, 0, shape.y - 1) - ys.begin;
      v += weights[1][d + radius(1)] * blurred_z[offset(after_z, x, from, z)];
    }
  });

  for_each_voxel({{origin.x, 0, 0}, extent}, values, [&](auto x, auto y, auto z, double& v) {
    v = 0;
    for (std::int64_t d = -radius(0); d <= radius(0); ++d) {
      const std::int64_t from = std::clamp<std::int64_t>(x + d, 0, shape.x - 1) - xs.begin;
      v += weights[0][d + radius(0)] * blurred_y[offset(after_y, from, y, z)];
    }
  });
}

}  // namespace voxelmark::reference
