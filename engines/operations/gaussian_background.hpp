#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "engines/operations/gaussian_blur.hpp"

namespace voxelmark {

inline Operation difference_of_gaussian(int dims) {
  return {
      .name = operation_name("DifferenceOfGaussian", dims),
      .family = "DifferenceOfGaussian",
      .dims = dims,
      .kind = Kind::reach,
      .definition =
          "The Gaussian blur of sigma1 minus that of sigma2, both as GaussianBlur defines it, "
          "neither of them rounded to integers; float32.",
      .tolerance_rule = "twice 1e-5 x (max - min) + 2^-17 x max|f| of the input",
      .parameters = {sigma_parameter("sigma1", 2, dims), sigma_parameter("sigma2", 6, dims)},
      .output_dtype = [](const Parameters&, DType) { return DType::f32; },
      .tolerance =
          [](const Parameters&, DType output, const Range& range, const Shape&) {
            return Tolerance{2 * tolerances::weighted_sum(output, range).max_abs_error, 1};
          },
      .flops_per_voxel =
          [](const Parameters& parameters) {
            return gaussian_flops(parameters.per_axis("sigma1")) +
                   gaussian_flops(parameters.per_axis("sigma2")) + 1;
          },
      .reach =
          [](const Parameters& parameters, const Shape&) {
            const Reach a = gaussian_reach(parameters.per_axis("sigma1")),
                        b = gaussian_reach(parameters.per_axis("sigma2"));
            return Reach{std::max(a.x, b.x), std::max(a.y, b.y), std::max(a.z, b.z)};
          },
  };
}

/// What SubtractGaussianBackground and DivideByGaussianBackground share.
inline Operation gaussian_background(const std::string& family, int dims,
                                     const std::string& definition,
                                     const std::string& tolerance_rule) {
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::reach,
      .definition = definition,
      .tolerance_rule = tolerance_rule,
      .parameters = {sigma_parameter("sigma", 10, dims)},
      .output_dtype = [](const Parameters&, DType) { return DType::f32; },
      .flops_per_voxel =
          [](const Parameters& parameters) {
            return gaussian_flops(parameters.per_axis("sigma")) + 1;
          },
      .reach = [](const Parameters& parameters,
                  const Shape&) { return gaussian_reach(parameters.per_axis("sigma")); },
  };
}

inline Operation subtract_gaussian_background(int dims) {
  Operation operation = gaussian_background(
      "SubtractGaussianBackground", dims,
      "a minus its Gaussian blur, as GaussianBlur defines it and not rounded to integers; float32.",
      "1e-5 x (max - min) + 2^-17 x max|f| of the input");
  operation.tolerance = [](const Parameters&, DType output, const Range& range, const Shape&) {
    return tolerances::weighted_sum(output, range);
  };
  return operation;
}

/// The largest quotient of a voxel and its blurred value in an image of this range: that of a voxel
/// alone among zeros, 1 / the middle weight, or of the range's ends, whichever is less. Without
/// bound where values are negative.
inline double largest_gaussian_quotient(const PerAxis& sigma, const Range& range) {
  if (range.minimum < 0) return std::numeric_limits<double>::infinity();
  double alone = 1;
  for (const auto& weights : gaussian_weights(sigma)) alone /= weights[weights.size() / 2];
  return range.minimum > 0 ? std::min(alone, range.maximum / range.minimum) : alone;
}

inline Operation divide_by_gaussian_background(int dims) {
  Operation operation = gaussian_background(
      "DivideByGaussianBackground", dims,
      "a divided by its Gaussian blur, as GaussianBlur defines it and not rounded to integers; 0 "
      "where the blur is 0; float32. Meant for images without negative values: with them a blur "
      "can be all but 0 and the quotient any number.",
      "2^-15 x the largest quotient that an image of the input's range can have (sums of terms of "
      "one sign have a small relative error, and the quotient inherits it); images with negative "
      "values: none");
  operation.tolerance = [](const Parameters& parameters, DType, const Range& range, const Shape&) {
    const double largest = largest_gaussian_quotient(parameters.per_axis("sigma"), range);
    return Tolerance{std::min(std::ldexp(largest, -15), std::numeric_limits<double>::max()), 1};
  };
  return operation;
}

}  // namespace voxelmark
