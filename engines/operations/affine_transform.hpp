#pragma once
#include <numbers>

#include "engines/operations/source_map.hpp"

namespace voxelmark {

inline Sampling affine_sampling(const Parameters& parameters) {
  return parameters.choice("interpolation") == "linear" ? Sampling::linear_zero
                                                        : Sampling::nearest_zero;
}

/// The map of AffineTransform.
inline SourceMap affine_map(int dims, const Parameters& parameters, const Shape& shape) {
  const auto row = [&](const char* name) {
    const PerAxis given = parameters.per_axis(name);
    return std::array{static_cast<double>(given.x), static_cast<double>(given.y),
                      static_cast<double>(given.z)};
  };
  const auto x = row("row_x"), y = row("row_y"), t = row("translation");
  const auto z = dims == 3 ? row("row_z") : std::array{0.0, 0.0, 1.0};
  return source_map(
      {{{x[0], x[1], x[2], t[0]}, {y[0], y[1], y[2], t[1]}, {z[0], z[1], z[2], t[2]}}}, shape);
}

/// The map of Translate.
inline SourceMap translation_map(const Parameters& parameters, const Shape& shape) {
  const PerAxis distance = parameters.per_axis("distance");
  return source_map({{{1, 0, 0, -static_cast<double>(distance.x)},
                      {0, 1, 0, -static_cast<double>(distance.y)},
                      {0, 0, 1, -static_cast<double>(distance.z)}}},
                    shape);
}

/// The middle of an extent, between two voxels where it is even.
inline double centre(std::int64_t extent) { return static_cast<double>(extent - 1) / 2; }

/// The map of Scale.
inline SourceMap scale_map(int dims, const Parameters& parameters, const Shape& shape) {
  const PerAxis factor = parameters.per_axis("factor");
  const auto step = [](float f) { return 1 / static_cast<double>(f); };
  const double x = step(factor.x), y = step(factor.y), z = dims == 3 ? step(factor.z) : 1;
  return source_map({{{x, 0, 0, (1 - x) * centre(shape.x)},
                      {0, y, 0, (1 - y) * centre(shape.y)},
                      {0, 0, z, (1 - z) * centre(shape.z)}}},
                    shape);
}

/// The map of RotateAngle.
inline SourceMap rotation_map(const Parameters& parameters, const Shape& shape) {
  const double angle = static_cast<double>(parameters.number("angle")) * std::numbers::pi / 180;
  const double c = std::cos(angle), s = std::sin(angle);
  const double x = centre(shape.x), y = centre(shape.y);
  return source_map({{{c, -s, 0, x - c * x + s * y}, {s, c, 0, y - s * x - c * y}, {0, 0, 1, 0}}},
                    shape);
}

/// What the four have in common.
inline Operation affine_family(const std::string& family, int dims, const std::string& definition,
                               std::vector<ParameterSpec> parameters) {
  parameters.push_back({.name = "interpolation",
                        .default_value = "linear",
                        .choices = {"linear", "nearest"},
                        .description =
                            "linear: between the 2 voxels around it on each axis, by distance; "
                            "nearest: the voxel at floor(coordinate + 1/2) on each axis"});
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::global,
      .definition = definition +
                    " Voxels outside the image are 0 and take part in the interpolation. The "
                    "shape is kept." +
                    coordinates_rule + interpolation_rule,
      .tolerance_rule = interpolation_tolerance_rule,
      .parameters = std::move(parameters),
      .tolerance =
          [](const Parameters& given, DType output, const Range& range, const Shape&) {
            return interpolation_tolerance(affine_sampling(given), output, range);
          },
      .flops_per_voxel =
          [dims](const Parameters& given) {
            if (affine_sampling(given) == Sampling::nearest_zero) return 0.0;
            return dims == 2 ? 9.0 : 21.0;
          },
  };
}

inline Operation affine_transform(int dims) {
  const auto row = [](const std::string& axis, const PerAxis& value) {
    return ParameterSpec{.name = "row_" + axis,
                         .default_value = value,
                         .minimum = -1000,
                         .maximum = 1000,
                         .description = "row " + axis +
                                        " of the inverse matrix: what the output's coordinates "
                                        "are multiplied by to give the input's " +
                                        axis};
  };
  // By default a turn by some 7 degrees, with a little shear along z.
  std::vector<ParameterSpec> parameters{
      row("x", {0.9921875f, 0.125f, 0}),
      row("y", {-0.125f, 0.9921875f, dims == 3 ? 0.0625f : 0.0f})};
  if (dims == 3) parameters.push_back(row("z", {0, 0, 1}));
  parameters.push_back(
      {.name = "translation",
       .default_value = PerAxis{-3.25f, 2.5f, dims == 3 ? 0.75f : 0.0f},
       .minimum = -1e6f,
       .maximum = 1e6f,
       .description = "what is added to the input's coordinates, in voxels, per axis"});
  return affine_family("AffineTransform", dims,
                       "The output's voxel at p is the input's value at M p + t: the matrix M, of "
                       "which the rows are given, and the translation t lead from the output back "
                       "to the input.",
                       std::move(parameters));
}

inline Operation translate(int dims) {
  return affine_family("Translate", dims,
                       "The image moved by a distance: the output's voxel at p is the input's "
                       "value at p - distance.",
                       {{.name = "distance",
                         .default_value = PerAxis{2.5f, 2.5f, dims == 3 ? 2.5f : 0.0f},
                         .minimum = -1e6f,
                         .maximum = 1e6f,
                         .description = "distance in voxels, per axis"}});
}

inline Operation scale(int dims) {
  return affine_family("Scale", dims,
                       "The image enlarged about its centre c = (n - 1) / 2: the output's voxel at "
                       "p is the input's value at c + (p - c) / factor.",
                       {{.name = "factor",
                         .default_value = PerAxis{1.5f, 1.5f, dims == 3 ? 1.5f : 0.0f},
                         .minimum = 1e-3f,
                         .maximum = 1e3f,
                         .description = "factor, per axis; above 1 enlarges"}});
}

inline Operation rotate_angle(int dims) {
  return affine_family(
      "RotateAngle", dims,
      "Each slice turned about its centre c = (n - 1) / 2 by an angle a to the left "
      "(counter-clockwise on a screen where y points down): with d = p - c, the output's voxel at "
      "p is the input's value at c + (cos a d.x - sin a d.y, sin a d.x + cos a d.y).",
      {{.name = "angle",
        .default_value = 30.0f,
        .minimum = -360,
        .maximum = 360,
        .description = "angle in degrees"}});
}

}  // namespace voxelmark
