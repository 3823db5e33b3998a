#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "engines/core/error.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// Coordinates in fixed point, the same in every engine: nearest voxels are exact, and a coordinate
/// that is off by 1e-6 voxel is far from what an image's size could bring about.
using FixedPoint = std::int64_t;
inline constexpr int fraction_bits = 40;
inline constexpr FixedPoint one_voxel = FixedPoint{1} << fraction_bits;

inline const char* const coordinates_rule =
    " Coefficients are rounded to 2^-40 voxel, and coordinates computed from them exactly.";

/// Throws NotMeasurable above 2^22: products with an image's extents must stay inside 64 bits.
inline FixedPoint fixed_point(double value) {
  constexpr double most = 1 << 22;
  if (!(std::abs(value) <= most)) throw NotMeasurable("source coordinates would pass 2^22 voxels");
  return std::llround(value * static_cast<double>(one_voxel));
}

/// Where the voxels of an output come from.
struct SourceMap {
  /// Of the input's x, y and z: what x, y, z and 1 of the output are multiplied by.
  std::array<std::array<FixedPoint, 4>, 3> rows;

  FixedPoint at(int axis, std::int64_t x, std::int64_t y, std::int64_t z) const {
    const auto& row = rows[axis];
    return row[0] * x + row[1] * y + row[2] * z + row[3];
  }
};

/// The same in double.
using AffineMatrix = std::array<std::array<double, 4>, 3>;

/// Throws NotMeasurable where coordinates of an output of this shape could pass 2^22 voxels.
inline SourceMap source_map(const AffineMatrix& matrix, const Shape& output) {
  SourceMap map{};
  for (int axis = 0; axis < 3; ++axis) {
    const auto& row = matrix[axis];
    fixed_point(std::abs(row[0]) * static_cast<double>(output.x) +
                std::abs(row[1]) * static_cast<double>(output.y) +
                std::abs(row[2]) * static_cast<double>(output.z) + std::abs(row[3]));
    for (int k = 0; k < 4; ++k) map.rows[axis][k] = fixed_point(row[k]);
  }
  return map;
}

/// How values between voxels and beyond the border are had.
enum class Sampling {
  linear_zero,    ///< linear; voxels outside are 0
  linear_clamp,   ///< linear; outside, the nearest voxel inside
  nearest_zero,   ///< the voxel at floor(coordinate + 1/2); 0 outside
  floored_clamp,  ///< the voxel at floor(coordinate), or the nearest one inside
};

/// Integers are interpolated in integers, so that every engine meets them exactly: floats would
/// leave values that lie half-way between two grey levels to their rounding errors.
inline constexpr int weight_bits = 22;

inline const char* const interpolation_rule =
    " Integers are interpolated along x, then y, then z, between a and b as a * 2^22 + (b - a) * "
    "f, "
    "where f is the coordinate's fraction in units of 2^-22, rounded half up. The value in a slice "
    "then is in units of 2^-44; before the step along z it is divided by 2^22, rounded half up. "
    "The "
    "last value is rounded half to even to whole grey levels.";

/// The fraction of a coordinate as a weight from 0 to 2^22.
inline std::int64_t weight(FixedPoint coordinate) {
  constexpr int dropped = fraction_bits - weight_bits;
  return ((coordinate & (one_voxel - 1)) + (FixedPoint{1} << (dropped - 1))) >> dropped;
}

/// One step: the result has 22 more bits behind the point than a and b.
inline std::int64_t between(std::int64_t a, std::int64_t b, std::int64_t f) {
  return (a << weight_bits) + (b - a) * f;
}

/// A slice's value as the step along z takes it.
inline std::int64_t narrowed(std::int64_t value) {
  return (value + (std::int64_t{1} << (weight_bits - 1))) >> weight_bits;
}

/// The grey level, rounded half to even.
inline std::int64_t whole_level(std::int64_t value) {
  constexpr std::int64_t below_half = (std::int64_t{1} << (2 * weight_bits - 1)) - 1;
  const std::int64_t odd = (value >> (2 * weight_bits)) & 1;
  return (value + below_half + odd) >> (2 * weight_bits);
}

inline const char* const interpolation_tolerance_rule =
    "linear f32: 1e-5 x (max - min) + 2^-17 x max|f|, where 0 counts as a value of the input; "
    "otherwise exact";

inline Tolerance interpolation_tolerance(Sampling sampling, DType output, const Range& range) {
  const bool linear = sampling == Sampling::linear_zero || sampling == Sampling::linear_clamp;
  if (!linear || output != DType::f32) return {0, 0};
  return tolerances::weighted_sum(output,
                                  {std::min(0.0, range.minimum), std::max(0.0, range.maximum), 0});
}

}  // namespace voxelmark
