#pragma once
#include "engines/core/operation.hpp"
#include "engines/operations/strided_view.hpp"

namespace voxelmark {

inline StridedView resliced(const Parameters& parameters, const Shape& input) {
  constexpr AxisSource x{0}, y{1}, z{2};
  return parameters.choice("from") == "top" ? permuted(input, {x, z, y})
                                            : permuted(input, {y, z, x});
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
  };
}

}  // namespace voxelmark
