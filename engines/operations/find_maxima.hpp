#pragma once
#include "engines/operations/connected_components.hpp"

namespace voxelmark {

inline Operation find_maxima() {
  return {
      .name = "FindMaxima2D",
      .family = "FindMaxima",
      .dims = 2,
      .kind = Kind::global,
      .definition =
          "A u8 mask with one voxel a maximum that stands out, as ImageJ's Find Maxima. For a "
          "value "
          "h, let a hill be a component (8 neighbours) of the voxels of at least h - prominence, "
          "in float32, that has a voxel of value h and none above. Each hill gets one mark, 1: of "
          "its voxels of value h on the one nearest to their mean position (in double precision), "
          "of those equally near on the first, x fastest, then y. An image of one value throughout "
          "gets none.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "prominence",
                      .default_value = 5.0f,
                      .minimum = 0,
                      .maximum = 1e30f,
                      .description = "by how many grey levels a maximum must stand above what "
                                     "separates it from a higher one"}},
      .gives_mask = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u8; },
      .flops_per_voxel = [](const Parameters&) { return 8.0; },
  };
}

/// Positions of a hill's highest voxels: the one nearest to their mean is marked.
struct HillTop {
  std::int64_t x = 0, y = 0, count = 0;  ///< sums, and how many voxels

  double squared_distance(std::int64_t at_x, std::int64_t at_y) const {
    const double n = static_cast<double>(count),
                 dx = static_cast<double>(at_x) - static_cast<double>(x) / n,
                 dy = static_cast<double>(at_y) - static_cast<double>(y) / n;
    return dx * dx + dy * dy;
  }
};

}  // namespace voxelmark
