#pragma once
#include "engines/core/operation.hpp"
#include "engines/operations/strided_view.hpp"

namespace voxelmark {

inline Operation flip(int dims) {
  std::vector<std::string> axes{"x", "y"};
  if (dims == 3) axes.push_back("z");
  return {
      .name = operation_name("Flip", dims),
      .family = "Flip",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition = "The mirror image along one axis: voxel i becomes voxel n - 1 - i.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "axis",
                      .default_value = "x",
                      .choices = axes,
                      .description = "the axis that is mirrored"}},
      .takes_non_finite = true,
      .source =
          [](const Parameters& parameters, const Shape& input, const Region& output) {
            const std::string& axis = parameters.choice("axis");
            return permuted_source(input, {{{0, axis == "x"}, {1, axis == "y"}, {2, axis == "z"}}},
                                   output);
          },
  };
}

}  // namespace voxelmark
