#pragma once
#include <vector>

#include "engines/core/operation.hpp"

namespace voxelmark {

/// Every operation, in the order in which it is listed, tested, measured and reported.
const std::vector<Operation>& catalogue();

/// The operation of that name. Throws std::logic_error where there is none.
const Operation& find_operation(const std::string& name);

}  // namespace voxelmark
