#pragma once
#include <span>

namespace voxelmark {

/// The quantile q, in [0, 1], with linear interpolation between order statistics (NumPy's default).
/// Infinite samples rank last; between a finite and an infinite one the quantile is infinite.
/// Throws std::logic_error where there is no sample.
double quantile(std::span<const double> samples, double q);

/// The same without a copy: changes the samples' order.
double quantile_in_place(std::span<double> samples, double q);

}  // namespace voxelmark
