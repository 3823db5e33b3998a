#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engines/core/error.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// Radii above this would pass 64 bits where a sphere is decided in integers.
inline constexpr float largest_radius = 1000;

/// The parameters `window` and `radius` of the rank filters and the mean.
inline std::vector<ParameterSpec> window_parameters(int dims, const std::string& window,
                                                    float radius) {
  return {
      {.name = "window",
       .default_value = window,
       .choices = {"box", "sphere"},
       .description = "box: |d| <= r on each axis; sphere: sum of (d/r)^2 <= 1 over the axes with "
                      "r > 0, decided in integers"},
      {.name = "radius",
       .default_value = PerAxis{radius, radius, dims == 3 ? radius : 0},
       .minimum = 0,
       .maximum = largest_radius,
       .whole = true,
       .description = "radius r in voxels, per axis"}};
}

/// Offsets of the window's voxels from its centre, in raster order; always an odd number of them.
/// Throws TooLarge for a window of more than 2^26 voxels.
inline std::vector<Index> window_offsets(const Parameters& parameters) {
  const PerAxis radius = parameters.per_axis("radius");
  const bool sphere = parameters.choice("window") == "sphere";
  const auto rx = static_cast<std::int64_t>(radius.x), ry = static_cast<std::int64_t>(radius.y),
             rz = static_cast<std::int64_t>(radius.z);
  const std::int64_t box = (2 * rx + 1) * (2 * ry + 1) * (2 * rz + 1);
  constexpr std::int64_t most = std::int64_t{1} << 26;
  if (box > most)
    throw TooLarge("a window of " + std::to_string(box) + " voxels needs " +
                   std::to_string(box * static_cast<std::int64_t>(sizeof(Index))) +
                   " bytes to list; the limit is " + std::to_string(most) + " voxels");
  const auto square = [](std::int64_t r) { return r > 0 ? r * r : 1; };
  const std::int64_t xx = square(rx), yy = square(ry), zz = square(rz);
  std::vector<Index> offsets;
  for (std::int64_t z = -rz; z <= rz; ++z)
    for (std::int64_t y = -ry; y <= ry; ++y)
      for (std::int64_t x = -rx; x <= rx; ++x)
        if (!sphere || x * x * yy * zz + y * y * xx * zz + z * z * xx * yy <= xx * yy * zz)
          offsets.push_back({x, y, z});
  return offsets;
}

inline Reach window_reach(const Parameters& parameters) {
  const PerAxis radius = parameters.per_axis("radius");
  return {static_cast<std::int64_t>(radius.x), static_cast<std::int64_t>(radius.y),
          static_cast<std::int64_t>(radius.z)};
}

}  // namespace voxelmark
