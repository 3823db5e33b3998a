#pragma once
#include "engines/core/operation.hpp"
#include "engines/operations/strided_view.hpp"

namespace voxelmark {

/// Where the axes of the turned image run.
inline std::array<AxisSource, 3> turned_axes(const Parameters& parameters) {
  constexpr AxisSource x{0}, y{1}, z{2}, x_backwards{0, true}, y_backwards{1, true};
  switch (static_cast<int>(parameters.number("turns"))) {
    case 1:
      return {y, x_backwards, z};
    case 2:
      return {x_backwards, y_backwards, z};
    default:
      return {y_backwards, x, z};
  }
}

inline StridedView turned(const Parameters& parameters, const Shape& input) {
  return permuted(input, turned_axes(parameters));
}

inline Operation rotate(int dims) {
  return {
      .name = operation_name("Rotate", dims),
      .family = "Rotate",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition =
          "Each slice turned to the left (counter-clockwise on a screen where y points down) by "
          "quarters, without interpolation. One turn of a slice of w x h voxels has h x w and "
          "takes its voxel (x, y) from (w - 1 - y, x); two turns take it from (w - 1 - x, "
          "h - 1 - y), three from (y, h - 1 - x).",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "turns",
                      .default_value = 1.0f,
                      .minimum = 1,
                      .maximum = 3,
                      .whole = true,
                      .description = "quarters of a full turn"}},
      .takes_non_finite = true,
      .output_shape = [](const Parameters& parameters,
                         const Shape& input) { return turned(parameters, input).shape; },
      .source =
          [](const Parameters& parameters, const Shape& input, const Region& output) {
            return permuted_source(input, turned_axes(parameters), output);
          },
  };
}

}  // namespace voxelmark
