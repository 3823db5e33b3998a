#pragma once
#include <algorithm>
#include <vector>

#include "engines/operations/window.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

/// The part of an axis that outputs from `begin` for `count` voxels depend on.
struct Span {
  std::int64_t begin, count;
};

inline Span grown(std::int64_t begin, std::int64_t count, std::int64_t radius,
                  std::int64_t extent) {
  const std::int64_t first = std::max<std::int64_t>(begin - radius, 0);
  return {first, std::min(begin + count + radius, extent) - first};
}

/// The region and all that its voxels depend on, as far as the image goes.
inline Region grown(const Region& region, const Reach& radius, const Shape& shape) {
  const auto& [origin, extent] = region;
  const Span x = grown(origin.x, extent.x, radius.x, shape.x),
             y = grown(origin.y, extent.y, radius.y, shape.y),
             z = grown(origin.z, extent.z, radius.z, shape.z);
  return {{x.begin, y.begin, z.begin}, {x.count, y.count, z.count}};
}

/// One axis after the other: each value becomes combine(axis, at), where at(d) is the value d
/// voxels further along the axis, or the nearest one inside. read(x, y, z) gives an image's value,
/// clamped to its edge. z first, then y, then x: a slab of whole slices or rows then needs no voxel
/// twice.
template <class Read, class Combine>
void separably(const Shape& shape, const Reach& radius, const Region& region,
               std::span<double> values, const Read& read, const Combine& combine) {
  const auto& [origin, extent] = region;
  const Span xs = grown(origin.x, extent.x, radius.x, shape.x);
  const Span ys = grown(origin.y, extent.y, radius.y, shape.y);

  const Shape after_z{xs.count, ys.count, extent.z};
  std::vector<double> along_z(static_cast<std::size_t>(after_z.voxels()));
  for_each_voxel({{xs.begin, ys.begin, origin.z}, after_z}, along_z,
                 [&](auto x, auto y, auto z, double& v) {
                   v = combine(2, [&](std::int64_t d) { return read(x, y, z + d); });
                 });

  const Shape after_y{xs.count, extent.y, extent.z};
  std::vector<double> along_y(static_cast<std::size_t>(after_y.voxels()));
  for_each_voxel({{0, origin.y, 0}, after_y}, along_y, [&](auto x, auto y, auto z, double& v) {
    v = combine(1, [&](std::int64_t d) {
      const std::int64_t from = std::clamp<std::int64_t>(y + d, 0, shape.y - 1) - ys.begin;
      return along_z[offset(after_z, x, from, z)];
    });
  });

  for_each_voxel({{origin.x, 0, 0}, extent}, values, [&](auto x, auto y, auto z, double& v) {
    v = combine(0, [&](std::int64_t d) {
      const std::int64_t from = std::clamp<std::int64_t>(x + d, 0, shape.x - 1) - xs.begin;
      return along_y[offset(after_y, from, y, z)];
    });
  });
}

/// The smallest or largest value that read(x, y, z) gives in the window.
template <class Read>
void extreme(const Shape& shape, Extreme which, const Window& window, const Region& region,
             std::span<double> values, const Read& read) {
  const auto pick = [which](double a, double b) {
    return (which == Extreme::minimum ? b < a : b > a) ? b : a;
  };
  if (!window.sphere) {
    const std::array radii{window.radius.x, window.radius.y, window.radius.z};
    return separably(shape, window.radius, region, values, read, [&](int axis, const auto& at) {
      double value = at(0);
      for (std::int64_t d = -radii[axis]; d <= radii[axis]; ++d) value = pick(value, at(d));
      return value;
    });
  }
  const auto rows = window_rows(window);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = read(x, y, z);
    for (const WindowRow& row : rows)
      for (std::int64_t d = -row.half; d <= row.half; ++d)
        value = pick(value, read(x + d, y + row.y, z + row.z));
  });
}

}  // namespace voxelmark::reference
