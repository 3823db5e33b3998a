#pragma once
#include "engines/operations/window.hpp"

namespace voxelmark {

/// Below every finite float but the lowest.
inline constexpr float no_floor = -3.4e38f;

/// The parameter `radius` of DetectMaxima.
inline Window box_of(const Parameters& parameters) {
  const PerAxis radius = parameters.per_axis("radius");
  return {false,
          {static_cast<std::int64_t>(radius.x), static_cast<std::int64_t>(radius.y),
           static_cast<std::int64_t>(radius.z)}};
}

inline Operation detect_maxima(int dims) {
  return {
      .name = operation_name("DetectMaxima", dims),
      .family = "DetectMaxima",
      .dims = dims,
      .kind = Kind::global,
      .definition =
          "A u8 mask with one voxel a local maximum. Neighbouring voxels of equal value (they "
          "differ by at most 1 along each axis) form a plateau; it is a maximum where no voxel of "
          "it has a higher one inside the box |d| <= radius around it, and its value exceeds "
          "`floor`. Its mark, 1, is on its first voxel, x fastest, then y, then z.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "radius",
                      .default_value = PerAxis{1, 1, dims == 3 ? 1.0f : 0.0f},
                      .minimum = 0,
                      .maximum = largest_radius,
                      .whole = true,
                      .description = "radius of the box in voxels, per axis"},
                     {.name = "floor",
                      .default_value = no_floor,
                      .minimum = no_floor,
                      .maximum = -no_floor,
                      .description = "maxima of this grey level or less do not count"}},
      .gives_mask = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u8; },
      .flops_per_voxel =
          [](const Parameters& parameters) { return extreme_flops(box_of(parameters)) + 27; },
  };
}

}  // namespace voxelmark
