#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace voxelmark {

/// One result file of several that fresh processes wrote for the same cases: a case's samples are
/// the medians of the processes, its other figures the medians over them, and the interval is that
/// of the median over processes. A case that failed in one of them has failed
/// here, and else one that was skipped in one of them was skipped.
/// `documents` must not be empty; details that are measured once, such as limits and pictures, are
/// the first one's.
nlohmann::json merged_runs(const std::vector<nlohmann::json>& documents,
                           const std::vector<std::string>& command, bool incomplete);

/// A line per case of such a file: the median over processes, its interval, smallest and largest.
std::string merged_table(const nlohmann::json& document);

}  // namespace voxelmark
