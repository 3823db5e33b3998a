#pragma once
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "bench/ranks.hpp"

namespace voxelmark {

/// `bench apply`: one operation on an image that needs not fit the memory, tile by tile, into a
/// Zarr volume. Ranks share the tiles. Gives the exit code. Throws BadInput.
int apply_in_tiles(const Options& options, const std::vector<std::string>& command, Ranks& ranks);

}  // namespace voxelmark
