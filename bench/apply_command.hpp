#pragma once
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace voxelmark {

/// `bench apply`: one operation on an image that needs not fit the memory, tile by tile, into a
/// Zarr volume. Gives the exit code. Throws BadInput.
int apply_in_tiles(const Options& options, const std::vector<std::string>& command);

}  // namespace voxelmark
