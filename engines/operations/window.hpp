#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engines/core/error.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// Radii above this would pass 64 bits where a sphere is decided in integers.
inline constexpr float largest_radius = 1000;

/// Which voxel of a window is taken.
enum class Extreme { minimum, maximum };

/// The neighbourhood of a rank filter or a mean.
struct Window {
  bool sphere = false;
  Reach radius{0, 0, 0};

  Window(bool is_sphere, const Reach& radii) : sphere(is_sphere), radius(radii) {}
  /// Of parameters that window_parameters() described.
  Window(const Parameters& parameters) : sphere(parameters.choice("window") == "sphere") {
    const PerAxis r = parameters.per_axis("radius");
    radius = {static_cast<std::int64_t>(r.x), static_cast<std::int64_t>(r.y),
              static_cast<std::int64_t>(r.z)};
  }
};

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

/// A window's voxels at one offset y and z: the offsets -half ... half along x.
struct WindowRow {
  std::int64_t y, z, half;
};

/// The window by rows, in raster order.
inline std::vector<WindowRow> window_rows(const Window& window) {
  const auto [rx, ry, rz] = window.radius;
  const auto square = [](std::int64_t r) { return r > 0 ? r * r : 1; };
  const std::int64_t xx = square(rx), yy = square(ry), zz = square(rz);
  std::vector<WindowRow> rows;
  for (std::int64_t z = -rz; z <= rz; ++z)
    for (std::int64_t y = -ry; y <= ry; ++y) {
      const std::int64_t rest = xx * yy * zz - y * y * xx * zz - z * z * xx * yy;
      if (!window.sphere) {
        rows.push_back({y, z, rx});
      } else if (rest >= 0) {
        // x^2 <= rest / (yy zz) holds where it holds for the whole part, which has an exact root.
        const auto root = std::sqrt(static_cast<double>(rest / (yy * zz)));
        rows.push_back({y, z, std::min(rx, static_cast<std::int64_t>(root))});
      }
    }
  return rows;
}

/// How many voxels the window has: always an odd number.
inline std::int64_t window_size(const Window& window) {
  std::int64_t size = 0;
  for (const WindowRow& row : window_rows(window)) size += 2 * row.half + 1;
  return size;
}

/// The same of a window whose voxels are to be listed. Throws TooLarge above 2^26 of them.
inline std::int64_t listed_window_size(const Window& window) {
  const std::int64_t size = window_size(window);
  constexpr std::int64_t most = std::int64_t{1} << 26;
  if (size > most)
    throw TooLarge("a window of " + std::to_string(size) + " voxels needs " +
                   std::to_string(size * static_cast<std::int64_t>(sizeof(Index))) +
                   " bytes to list; the limit is " + std::to_string(most) + " voxels");
  return size;
}

/// Offsets of the window's voxels from its centre, in raster order. Throws TooLarge as above.
inline std::vector<Index> window_offsets(const Window& window) {
  std::vector<Index> offsets;
  offsets.reserve(static_cast<std::size_t>(listed_window_size(window)));
  for (const WindowRow& row : window_rows(window))
    for (std::int64_t x = -row.half; x <= row.half; ++x) offsets.push_back({x, row.y, row.z});
  return offsets;
}

/// Comparisons per voxel of a minimum or maximum: a box takes three an axis whatever its radius
/// (running extremes from both sides of blocks), a sphere is taken voxel by voxel.
inline double extreme_flops(const Window& window) {
  if (window.sphere) return static_cast<double>(window_size(window) - 1);
  const auto [rx, ry, rz] = window.radius;
  return 3.0 * ((rx > 0) + (ry > 0) + (rz > 0));
}

inline Reach window_reach(const Parameters& parameters) { return Window(parameters).radius; }

}  // namespace voxelmark
