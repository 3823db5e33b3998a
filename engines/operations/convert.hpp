#pragma once
#include "engines/core/operation.hpp"

namespace voxelmark {

inline Operation convert_operation(int dims) {
  return {
      .name = operation_name("Convert", dims),
      .family = "Convert",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition =
          "The values in another type. From f32 to integers they are rounded half to even and "
          "saturated, from u16 to u8 saturated; NaN becomes 0.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "type",
                      .default_value = "f32",
                      .choices = {"u8", "u16", "f32"},
                      .description = "the output's type"}},
      .takes_non_finite = true,
      .output_dtype = [](const Parameters& parameters,
                         DType) { return parse_dtype(parameters.choice("type")); },
  };
}

}  // namespace voxelmark
