#pragma once
#include <algorithm>
#include <cmath>

namespace voxelmark {

/// Whether n values with that mean and sum of squared deviations vary by more than their mean's
/// rounding: ‖x - x̄‖ > 1e-13 |x̄| √n.
inline bool varies(double sum_of_squares, double mean, double n) {
  return std::sqrt(sum_of_squares) > 1e-13 * std::abs(mean) * std::sqrt(n);
}

/// Pearson's r from sums of squared deviations and of their products.
inline double correlation(double xx, double yy, double xy) {
  // One root is exact where both sides are the same; two do not overflow.
  const double product = xx * yy;
  const double root = std::isnormal(product) ? std::sqrt(product) : std::sqrt(xx) * std::sqrt(yy);
  return std::clamp(xy / root, -1.0, 1.0);
}

}  // namespace voxelmark
