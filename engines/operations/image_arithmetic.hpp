#pragma once
#include <algorithm>
#include <cmath>

#include "engines/core/operation.hpp"

namespace voxelmark {

inline double largest_magnitude(const Range& range) {
  return std::max(std::abs(range.minimum), std::abs(range.maximum));
}

inline Operation multiply_scalar(int dims) {
  return {
      .name = operation_name("MultiplyScalar", dims),
      .family = "MultiplyScalar",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition = "a * scalar, in float32; integers are rounded half to even and saturated.",
      .tolerance_rule = tolerances::pointwise_rule,
      .parameters = {{.name = "scalar",
                      .default_value = 2.0f,
                      .minimum = -1e30f,
                      .maximum = 1e30f,
                      .description = "the factor"}},
      .takes_non_finite = true,
      .tolerance =
          [](const Parameters& parameters, DType output, const Range& range, const Shape&) {
            const double scalar = static_cast<double>(parameters.number("scalar"));
            return tolerances::pointwise(output, largest_magnitude(range) * std::abs(scalar));
          },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
  };
}

inline Operation add_images_weighted(int dims) {
  const auto factor = [](const std::string& name, const std::string& description) {
    return ParameterSpec{.name = name,
                         .default_value = 1.0f,
                         .minimum = -1e30f,
                         .maximum = 1e30f,
                         .description = description};
  };
  return {
      .name = operation_name("AddImagesWeighted", dims),
      .family = "AddImagesWeighted",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition =
          "a * factor1 + b * factor2 of the first image's a and the second's b: two products and "
          "a sum, each rounded to float32; integers are rounded half to even and saturated. The "
          "products must lie within float32's range.",
      .tolerance_rule = tolerances::pointwise_rule,
      .parameters = {factor("factor1", "what the first image is multiplied by"),
                     factor("factor2", "what the second image is multiplied by")},
      .inputs = {Role::image, Role::image},
      .takes_non_finite = true,
      .tolerance =
          [](const Parameters& parameters, DType output, const Range& range, const Shape&) {
            const double factor1 = static_cast<double>(parameters.number("factor1"));
            const double factor2 = static_cast<double>(parameters.number("factor2"));
            return tolerances::pointwise(
                output, largest_magnitude(range) * std::max(std::abs(factor1), std::abs(factor2)));
          },
      .flops_per_voxel = [](const Parameters&) { return 3.0; },
  };
}

inline Operation binary_and(int dims) {
  return {
      .name = operation_name("BinaryAnd", dims),
      .family = "BinaryAnd",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition = "1 where both masks are other than 0, else 0; a u8 mask. NaN is other than 0.",
      .tolerance_rule = tolerances::exact_rule,
      .inputs = {Role::mask, Role::mask},
      .takes_non_finite = true,
      .gives_mask = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u8; },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
  };
}

inline Operation absolute_difference(int dims) {
  return {
      .name = operation_name("AbsoluteDifference", dims),
      .family = "AbsoluteDifference",
      .dims = dims,
      .definition = "|a - b| of the first image's a and the second's b.",
      .tolerance_rule = tolerances::pointwise_rule,
      .inputs = {Role::image, Role::image},
      .takes_non_finite = true,
      .tolerance =
          [](const Parameters&, DType output, const Range& range, const Shape&) {
            return tolerances::pointwise(output, largest_magnitude(range));
          },
      .flops_per_voxel = [](const Parameters&) { return 2.0; },
  };
}

inline Operation squared_difference(int dims) {
  return {
      .name = operation_name("SquaredDifference", dims),
      .family = "SquaredDifference",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition =
          "(a - b)^2 of the first image's a and the second's b; f32, whatever the images are.",
      .tolerance_rule = "4 ULP of (max - min)^2",
      .inputs = {Role::image, Role::image},
      .takes_non_finite = true,
      .output_dtype = [](const Parameters&, DType) { return DType::f32; },
      .tolerance =
          [](const Parameters&, DType output, const Range& range, const Shape&) {
            const double difference = range.maximum - range.minimum;
            return tolerances::pointwise(output, difference * difference);
          },
      .flops_per_voxel = [](const Parameters&) { return 2.0; },
  };
}

}  // namespace voxelmark
