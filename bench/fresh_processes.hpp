#pragma once
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace voxelmark {

/// Measures everything in `options.runs` processes one after the other, and, where a base program
/// is named, in as many of that one, in the order A B B A A B …, so that a machine that drifts does
/// so for both. Writes the merged results and prints a line per case. `command` is this program's
/// command line; its processes get it without what is this function's business. Gives an exit code.
int measure_in_fresh_processes(const Options& options, const std::vector<std::string>& command);

}  // namespace voxelmark
