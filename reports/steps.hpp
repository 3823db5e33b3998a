#pragma once
#include <cstddef>
#include <vector>

namespace voxelmark::report {

/// What one run says about one case: its median and that median's 95 % interval, in ms.
struct TimePoint {
  double median = 0, lower = 0, upper = 0;
};

/// A lasting change of a case's time.
struct Step {
  std::size_t first = 0;  ///< the first point of the new level
  double ratio = 1;       ///< the new level over the old one; above 1 is slower
};

/// The steps of a series, in order, points by age. Works on logarithms of medians. Two levels are
/// the medians of up to five points before and behind a place, of three at the least. Between them
/// lies a step where
/// - they differ by more than 5 %,
/// - they differ by more than 3.5 (1 + 5 / changes) standard errors. The spread from run to run is
///   taken from the median absolute change from one run to the next, which a few steps or outliers
///   do not move; it is at least what the intervals of the medians say, and 0.5 %,
/// - the points next to it are nearer to their own level than to the other,
/// - two levels leave at most 0.7 of the absolute residuals that a straight line through the same
///   points leaves: what creeps is no step.
/// The clearest place is taken first, then what is left on both sides of it is searched.
std::vector<Step> find_steps(const std::vector<TimePoint>& points);

}  // namespace voxelmark::report
