#pragma once
#include <algorithm>
#include <limits>

#include "engines/operations/source_map.hpp"

namespace voxelmark {

/// Voxels of the input for one of the output, per axis.
inline std::array<double, 3> resampling_steps(int dims, const Parameters& parameters) {
  const PerAxis from = parameters.per_axis("from_spacing"), to = parameters.per_axis("to_spacing");
  const auto step = [](float a, float b) {
    return static_cast<double>(b) / static_cast<double>(a);
  };
  return {step(from.x, to.x), step(from.y, to.y), dims == 3 ? step(from.z, to.z) : 1};
}

inline Shape resampled_shape(int dims, const Parameters& parameters, const Shape& input) {
  const auto steps = resampling_steps(dims, parameters);
  const auto along = [](std::int64_t n, double step) {
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::floor(static_cast<double>(n) / step + 0.5)));
  };
  return {along(input.x, steps[0]), along(input.y, steps[1]), along(input.z, steps[2])};
}

/// The map of Resample.
inline SourceMap resampling_map(int dims, const Parameters& parameters, const Shape& input) {
  const auto [x, y, z] = resampling_steps(dims, parameters);
  return source_map({{{x, 0, 0, (x - 1) / 2}, {0, y, 0, (y - 1) / 2}, {0, 0, z, (z - 1) / 2}}},
                    resampled_shape(dims, parameters, input));
}

inline Operation resample(int dims) {
  const auto spacing = [](const std::string& name, const PerAxis& value,
                          const std::string& description) {
    return ParameterSpec{.name = name,
                         .default_value = value,
                         .minimum = 1e-3f,
                         .maximum = 1e3f,
                         .description = description};
  };
  const float in_3d = dims == 3 ? 1.0f : 0.0f;
  return {
      .name = operation_name("Resample", dims),
      .family = "Resample",
      .dims = dims,
      .kind = Kind::global,
      .definition =
          std::string("The image on a grid of another spacing. With the step t = to_spacing / "
                      "from_spacing in double, n voxels along an axis become "
                      "max(1, floor(n / t + 1/2)), and voxel i is the linear interpolation of "
                      "the input at (i + 1/2) t - 1/2; beyond the border the nearest voxel "
                      "inside counts. A coarser grid picks values, it does not average.") +
          coordinates_rule + interpolation_rule,
      .tolerance_rule =
          "f32: 1e-5 x (max - min) + 2^-17 x max|f| + 2^-21 x the largest extent x (max - min) of "
          "the input; integers exact",
      .parameters = {spacing("from_spacing", {0.52f, 0.52f, 2 * in_3d},
                             "distance between the input's voxels in µm, per axis"),
                     spacing("to_spacing", {1, 1, in_3d},
                             "distance between the output's voxels in µm, per axis")},
      .output_shape = [dims](
                          const Parameters& parameters,
                          const Shape& input) { return resampled_shape(dims, parameters, input); },
      .tolerance =
          [](const Parameters&, DType output, const Range& range, const Shape& input) {
            if (output != DType::f32) return Tolerance{0, 0};
            Tolerance tolerance = tolerances::weighted_sum(output, range);
            const auto extent = static_cast<double>(std::max({input.x, input.y, input.z}));
            tolerance.max_abs_error += std::ldexp(extent * (range.maximum - range.minimum), -21);
            return tolerance;
          },
      .flops_per_voxel = [dims](const Parameters&) { return dims == 2 ? 9.0 : 21.0; },
  };
}

}  // namespace voxelmark
