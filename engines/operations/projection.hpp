#pragma once
#include <algorithm>
#include <cmath>

#include "engines/core/operation.hpp"

namespace voxelmark {

/// The 2D image of a stack seen along x (0), y (1) or z (2): as CLIJ lays it out.
inline Shape projected(const Shape& stack, int axis) {
  if (axis == 0) return {stack.z, stack.y, 1};
  if (axis == 1) return {stack.x, stack.z, 1};
  return {stack.x, stack.y, 1};
}

inline std::int64_t extent_along(const Shape& shape, int axis) {
  return axis == 0 ? shape.x : axis == 1 ? shape.y : shape.z;
}

/// What is left to say of a projection.
inline Operation projection(const std::string& family, int axis, const std::string& definition) {
  static const char* const frames[]{" as a 2D image whose x is the stack's z and whose y is y.",
                                    " as a 2D image whose x is the stack's x and whose y is z.",
                                    " as a 2D image of the stack's x and y."};
  return {
      .name = family,
      .family = family,
      .dims = 3,
      .kind = Kind::reach,
      .definition = definition + frames[axis],
      .tolerance_rule = tolerances::exact_rule,
      .takes_non_finite = true,
      .output_shape = [axis](const Parameters&,
                             const Shape& input) { return projected(input, axis); },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
      .reach =
          [axis](const Parameters&, const Shape& input) {
            const std::int64_t extent = extent_along(input, axis) - 1;
            return Reach{axis == 0 ? extent : 0, axis == 1 ? extent : 0, axis == 2 ? extent : 0};
          },
      .source =
          [axis](const Parameters&, const Shape& input, const Region& output) {
            const Index o = output.origin;
            const Shape e = output.extent;
            if (axis == 0) return Region{{0, o.y, o.x}, {input.x, e.y, e.x}};
            if (axis == 1) return Region{{o.x, 0, o.y}, {e.x, input.y, e.y}};
            return Region{{o.x, o.y, 0}, {e.x, e.y, input.z}};
          },
  };
}

inline const char* const nan_loses =
    " (NaN counts only where there is nothing but NaN), in the image's type,";

inline Operation maximum_x_projection() {
  return projection("MaximumXProjection", 0, std::string("The largest value along x") + nan_loses);
}

inline Operation maximum_y_projection() {
  return projection("MaximumYProjection", 1, std::string("The largest value along y") + nan_loses);
}

inline Operation maximum_z_projection() {
  return projection("MaximumZProjection", 2, std::string("The largest value along z") + nan_loses);
}

inline Operation minimum_z_projection() {
  return projection("MinimumZProjection", 2, std::string("The smallest value along z") + nan_loses);
}

inline Operation mean_z_projection() {
  auto operation = projection("MeanZProjection", 2,
                              "The sum along z, without rounding to float32 on the way, divided "
                              "by the number of slices; f32, whatever the stack is,");
  operation.tolerance_rule = tolerances::weighted_sum_rule;
  operation.output_dtype = [](const Parameters&, DType) { return DType::f32; };
  operation.tolerance = [](const Parameters&, DType output, const Range& range, const Shape&) {
    return tolerances::weighted_sum(output, range);
  };
  return operation;
}

inline Operation sum_z_projection() {
  auto operation = projection(
      "SumZProjection", 2,
      "The sum along z: of integers exact and then saturated to u32; of f32 summed in double or "
      "better than float32 by as much, and then rounded once to f32 (every sum on the way must "
      "lie within float32's range);");
  operation.tolerance_rule = "f32: 4 ULP of the number of slices x max|f|; integers exact";
  operation.output_dtype = [](const Parameters&, DType input) {
    return input == DType::f32 ? DType::f32 : DType::u32;
  };
  operation.tolerance = [](const Parameters&, DType output, const Range& range,
                           const Shape& input) {
    return tolerances::pointwise(
        output,
        static_cast<double>(input.z) * std::max(std::abs(range.minimum), std::abs(range.maximum)));
  };
  return operation;
}

}  // namespace voxelmark
