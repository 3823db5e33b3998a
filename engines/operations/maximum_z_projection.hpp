#pragma once
#include "engines/core/operation.hpp"

namespace voxelmark {

inline Operation maximum_z_projection() {
  return {
      .name = "MaximumZProjection",
      .family = "MaximumZProjection",
      .dims = 3,
      .kind = Kind::reach,
      .definition =
          "The largest value along z for each x and y; a 2D image. NaN counts only where all "
          "values of a column are NaN.",
      .tolerance_rule = tolerances::exact_rule,
      .takes_non_finite = true,
      .output_shape =
          [](const Parameters&, const Shape& input) {
            return Shape{input.x, input.y, 1};
          },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
      .reach =
          [](const Parameters&, const Shape& input) {
            return Reach{0, 0, input.z - 1};
          },
  };
}

}  // namespace voxelmark
