#pragma once
#include <vector>

#include "engines/core/operation.hpp"

namespace voxelmark {

/// Every operation, in the order in which it is listed, tested, measured and reported.
const std::vector<Operation>& catalogue();

}  // namespace voxelmark
