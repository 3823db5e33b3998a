#pragma once
#include <span>

namespace voxelmark::report {

/// The middle value, or the mean of the two in the middle. There must be one.
double median(std::span<const double> values);

}  // namespace voxelmark::report
