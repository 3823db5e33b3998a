#pragma once
#include <span>
#include <vector>

#include "validate/quantile.hpp"

namespace voxelmark {

inline double median(std::span<const double> samples) { return quantile(samples, 0.5); }

double mean(std::span<const double> samples);

/// With n - 1 in the denominator; 0 of a single sample.
double standard_deviation(std::span<const double> samples);

/// A confidence interval.
struct Interval {
  double lower = 0, upper = 0;
};

/// At least 95 % confidence for the median, without an assumption on the distribution: the pair of
/// order statistics k and n + 1 − k with the largest k that a binomial(n, 1/2) leaves 95 % between.
/// Below six samples no pair reaches 95 %, and smallest and largest are given.
Interval median_interval(std::span<const double> samples);

}  // namespace voxelmark
