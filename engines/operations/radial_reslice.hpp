#pragma once
#include <algorithm>
#include <numbers>
#include <vector>

#include "engines/operations/source_map.hpp"

namespace voxelmark {

inline Shape radial_shape(const Parameters& parameters, const Shape& input) {
  const auto x = static_cast<double>(input.x / 2), y = static_cast<double>(input.y / 2);
  const auto radii = static_cast<std::int64_t>(std::floor(std::sqrt(x * x + y * y)));
  return {std::max<std::int64_t>(1, radii), input.z,
          static_cast<std::int64_t>(parameters.number("angles"))};
}

inline Sampling radial_sampling(const Parameters& parameters) {
  return parameters.choice("mode") == "linear" ? Sampling::linear_zero : Sampling::floored_clamp;
}

/// What x and y grow by from one radius to the next: two numbers an angle.
inline std::vector<FixedPoint> radial_directions(const Parameters& parameters) {
  const auto angles = static_cast<std::int64_t>(parameters.number("angles"));
  const double step = static_cast<double>(parameters.number("step")) * std::numbers::pi / 180;
  std::vector<FixedPoint> directions;
  for (std::int64_t i = 0; i < angles; ++i) {
    const double angle = static_cast<double>(i) * step;
    directions.push_back(fixed_point(std::sin(angle)));
    directions.push_back(fixed_point(std::cos(angle)));
  }
  return directions;
}

inline Operation radial_reslice() {
  return {
      .name = "RadialReslice",
      .family = "RadialReslice",
      .dims = 3,
      .kind = Kind::global,
      .definition =
          "Half-planes through a vertical axis, side by side: for a stack of w x h x d voxels, the "
          "output's x is a radius rho = 0, 1, ... of max(1, floor(sqrt(floor(w / 2)^2 + "
          "floor(h / 2)^2))) radii, its y is the stack's z, and its z counts angles a = z * step. "
          "The value is the slice's at x = floor(w / 2) + rho sin a, y = floor(h / 2) + rho cos a. "
          "Sines and cosines are rounded to 2^-40, and coordinates computed from them exactly." +
          std::string(interpolation_rule),
      .tolerance_rule = interpolation_tolerance_rule,
      .parameters = {{.name = "angles",
                      .default_value = 360.0f,
                      .minimum = 1,
                      .maximum = 65536,
                      .whole = true,
                      .description = "number of angles"},
                     {.name = "step",
                      .default_value = 1.0f,
                      .minimum = -360,
                      .maximum = 360,
                      .description = "from one angle to the next, in degrees"},
                     {.name = "mode",
                      .default_value = "linear",
                      .choices = {"linear", "clij"},
                      .description =
                          "linear: between the 4 pixels around the position, where those outside "
                          "are 0; clij: the pixel at the position's whole part, or outside the "
                          "nearest one inside"}},
      .output_shape = radial_shape,
      .tolerance =
          [](const Parameters& given, DType output, const Range& range, const Shape&) {
            return interpolation_tolerance(radial_sampling(given), output, range);
          },
      .flops_per_voxel =
          [](const Parameters& given) {
            return radial_sampling(given) == Sampling::floored_clamp ? 0.0 : 9.0;
          },
  };
}

}  // namespace voxelmark
