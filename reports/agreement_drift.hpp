#pragma once
#include <string>
#include <vector>

#include "reports/results.hpp"

namespace voxelmark::report {

/// What is wrong with the agreement of a row that is done: figures outside their bounds, and those
/// that are worse than in all rows of `before` (none: nothing to compare with). A line each, as in
/// "Dice index 0.91, was 0.99"; empty where nothing is.
std::vector<std::string> agreement_faults(const Row& row, const std::vector<const Row*>& before);

}  // namespace voxelmark::report
