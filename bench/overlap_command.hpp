#pragma once
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace voxelmark {

/// `bench overlap`: how far tiles must overlap, as a table and, with --json, as JSON. Gives the
/// exit code. Throws BadInput.
int search_overlaps(const Options& options, const std::vector<std::string>& command);

}  // namespace voxelmark
