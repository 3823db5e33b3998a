#pragma once
#include <array>
#include <cmath>
#include <vector>

#include "engines/core/operation.hpp"

namespace voxelmark {

/// R = floor(4 sigma + 1/2): where the Gaussian is cut off, in voxels.
inline int gaussian_radius(float sigma) {
  return static_cast<int>(std::floor(4.0 * static_cast<double>(sigma) + 0.5));
}

/// The 2R + 1 normalised weights.
inline std::vector<double> gaussian_weights(float sigma) {
  const int radius = gaussian_radius(sigma);
  std::vector<double> weights;
  double sum = 0;
  for (int d = -radius; d <= radius; ++d) {
    const double s = static_cast<double>(sigma);
    weights.push_back(radius == 0 ? 1.0 : std::exp(-0.5 * d * d / (s * s)));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// Weights along x, y and z.
inline std::array<std::vector<double>, 3> gaussian_weights(const PerAxis& sigma) {
  return {gaussian_weights(sigma.x), gaussian_weights(sigma.y), gaussian_weights(sigma.z)};
}

inline Reach gaussian_reach(const PerAxis& sigma) {
  return {gaussian_radius(sigma.x), gaussian_radius(sigma.y), gaussian_radius(sigma.z)};
}

/// Multiplications and additions per voxel, axis by axis.
inline double gaussian_flops(const PerAxis& sigma) {
  const Reach r = gaussian_reach(sigma);
  double flops = 0;
  for (const auto radius : {r.x, r.y, r.z})
    if (radius > 0) flops += 2.0 * static_cast<double>(2 * radius + 1);
  return flops;
}

/// A standard deviation per axis, with z at 0 where `dims` is 2.
inline ParameterSpec sigma_parameter(const std::string& name, float value, int dims) {
  return {.name = name,
          .default_value = PerAxis{value, value, dims == 3 ? value : 0},
          .minimum = 0,
          .maximum = 1000,
          .description = "standard deviation in voxels, per axis; 0 leaves that axis as it is"};
}

inline Operation gaussian_blur(int dims) {
  const auto sigma = [](const Parameters& parameters) { return parameters.per_axis("sigma"); };
  return {
      .name = operation_name("GaussianBlur", dims),
      .family = "GaussianBlur",
      .dims = dims,
      .kind = Kind::reach,
      .definition =
          "Sum of the neighbours along each axis in turn, weighted by exp(-d^2 / (2 sigma^2)) "
          "for d = -R..R with R = floor(4 sigma + 1/2), the weights normalised to a sum of "
          "1. Beyond the border the nearest voxel inside counts. Between the axes values "
          "stay floating-point.",
      .tolerance_rule = tolerances::weighted_sum_rule,
      .parameters = {sigma_parameter("sigma", 2, dims)},
      .tolerance = [](const Parameters&, DType output, const Range& range,
                      const Shape&) { return tolerances::weighted_sum(output, range); },
      .flops_per_voxel =
          [sigma](const Parameters& parameters) { return gaussian_flops(sigma(parameters)); },
      .reach = [sigma](const Parameters& parameters,
                       const Shape&) { return gaussian_reach(sigma(parameters)); },
  };
}

}  // namespace voxelmark
