#pragma once
#include "engines/core/operation.hpp"
#include "engines/operations/strided_view.hpp"

namespace voxelmark {

/// Where the axes of the resliced stack run.
inline std::array<AxisSource, 3> resliced_axes(const Parameters& parameters) {
  constexpr AxisSource x{0}, y{1}, z{2};
  if (parameters.choice("from") == "top") return {x, z, y};
  return {y, z, x};
}

inline StridedView resliced(const Parameters& parameters, const Shape& input) {
  return permuted(input, resliced_axes(parameters));
}

inline Operation reslice() {
  return {
      .name = "Reslice3D",
      .family = "Reslice",
      .dims = 3,
      .kind = Kind::pointwise,
      .definition =
          "The stack with its axes exchanged, as CLIJ does it. From the top, the output's x, y and "
          "z are the input's x, z and y: out(x, y, z) = in(x, z, y). From the left they are the "
          "input's y, z and x: out(x, y, z) = in(z, x, y). Nothing is mirrored.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "from",
                      .default_value = "top",
                      .choices = {"top", "left"},
                      .description = "the side from which the stack is looked at"}},
      .takes_non_finite = true,
      .output_shape = [](const Parameters& parameters,
                         const Shape& input) { return resliced(parameters, input).shape; },
      .source =
          [](const Parameters& parameters, const Shape& input, const Region& output) {
            return permuted_source(input, resliced_axes(parameters), output);
          },
  };
}

}  // namespace voxelmark
