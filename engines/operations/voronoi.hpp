#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engines/core/distance_transform.hpp"
#include "engines/core/error.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// What a squared step along each axis counts: 4096 (s / s_min)^2, rounded to an integer, for a
/// spacing s; s_min is the least of them. An axis of spacing 0 does not count. Throws TooLarge
/// where a squared distance within `shape` could pass 2^62.
inline AxisWeights distance_weights(const PerAxis& spacing, const Shape& shape) {
  double least = std::numeric_limits<double>::infinity();
  for (const float s : {spacing.x, spacing.y, spacing.z})
    if (s > 0) least = std::min(least, static_cast<double>(s));
  double longest = 0;
  const auto weight = [&](float s, std::int64_t extent) {
    const double ratio = static_cast<double>(s) / least;
    const double w = std::nearbyint(4096 * ratio * ratio);
    longest += w * static_cast<double>(extent - 1) * static_cast<double>(extent - 1);
    return w;
  };
  const double x = weight(spacing.x, shape.x), y = weight(spacing.y, shape.y),
               z = weight(spacing.z, shape.z);
  if (longest > std::ldexp(1.0, 62) || std::max({x, y, z}) > std::ldexp(1.0, 62))
    throw TooLarge("squared distances of up to " + std::to_string(longest) +
                   " pass 64-bit integers: spacings are too different for this size");
  return {static_cast<std::int64_t>(x), static_cast<std::int64_t>(y), static_cast<std::int64_t>(z)};
}

inline Operation voronoi(int dims) {
  return {
      .name = operation_name("Voronoi", dims),
      .family = "Voronoi",
      .dims = dims,
      .kind = Kind::global,
      .definition =
          "The label of the nearest labelled voxel; of those equally near the lowest label; 0 "
          "where there is none at all. Squared distance is the sum of w d^2 over the axes, in "
          "integers, with w = 4096 (s / s_min)^2 rounded half to even, s the spacing and s_min the "
          "least spacing: so ties are the same everywhere. With masked:yes, voxels where the mask "
          "is 0 become 0.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "spacing",
                      .default_value = PerAxis{1, 1, dims == 3 ? 1.0f : 0.0f},
                      .minimum = 0.001f,
                      .maximum = 1000,
                      .description = "distance between neighbouring voxels, per axis, in any unit"},
                     {.name = "masked",
                      .default_value = "no",
                      .choices = {"no", "yes"},
                      .description = "whether the second input limits where labels are written"}},
      .inputs = {Role::labels, Role::mask},
      .dtypes = {DType::u32},
  };
}

}  // namespace voxelmark
