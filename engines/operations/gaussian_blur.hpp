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

inline Operation gaussian_blur(int dims) {
  const auto radii = [](const Parameters& parameters) {
    const PerAxis sigma = parameters.per_axis("sigma");
    return Reach{gaussian_radius(sigma.x), gaussian_radius(sigma.y), gaussian_radius(sigma.z)};
  };
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
      .parameters = {{.name = "sigma",
                      .default_value = PerAxis{2, 2, dims == 3 ? 2.0f : 0.0f},
                      .minimum = 0,
                      .maximum = 1000,
                      .description =
                          "standard deviation in voxels, per axis; 0 leaves that axis as it is"}},
      .tolerance = [](const Parameters&, DType output, const Range& range,
                      const Shape&) { return tolerances::weighted_sum(output, range); },
      .flops_per_voxel =
          [radii](const Parameters& parameters) {
            const Reach r = radii(parameters);
            double flops = 0;
            for (const auto radius : {r.x, r.y, r.z})
              if (radius > 0) flops += 2.0 * static_cast<double>(2 * radius + 1);
            return flops;
          },
      .reach = [radii](const Parameters& parameters, const Shape&) { return radii(parameters); },
  };
}

}  // namespace voxelmark
