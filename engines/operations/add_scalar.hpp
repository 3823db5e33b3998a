#pragma once
#include <algorithm>
#include <cmath>

#include "engines/core/operation.hpp"

namespace voxelmark {

inline Operation add_scalar(int dims) {
  return {
      .name = operation_name("AddScalar", dims),
      .family = "AddScalar",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition = "a + scalar, in float32; integers are rounded half to even and saturated.",
      .tolerance_rule = tolerances::pointwise_rule,
      .parameters = {{.name = "scalar",
                      .default_value = 1.0f,
                      .minimum = -1e30f,
                      .maximum = 1e30f,
                      .description = "the number to add, in grey levels"}},
      .takes_non_finite = true,
      .tolerance =
          [](const Parameters& parameters, DType output, const Range& range, const Shape&) {
            const double scalar = static_cast<double>(parameters.number("scalar"));
            return tolerances::pointwise(
                output,
                std::max({std::abs(range.minimum), std::abs(range.maximum), std::abs(scalar)}));
          },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
  };
}

}  // namespace voxelmark
