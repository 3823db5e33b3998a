#pragma once
#include <string>
#include <vector>

#include "reports/cases.hpp"

namespace voxelmark::report {

/// What the rows say in plain sentences: who is quicker and by how much, what transfers cost, how
/// far the results are from the reference. One task stands for each operation
/// (representative_tasks).
std::vector<std::string> findings(const Cases& cases);

/// What speaks for trusting these rows, and what against it: counts of compared, failed and skipped
/// rows, moved clocks, interrupted files.
std::vector<std::string> trust(const Cases& cases, const std::vector<ResultFile>& files);

}  // namespace voxelmark::report
