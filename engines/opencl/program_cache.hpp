#pragma once
#include <optional>
#include <string>
#include <vector>

namespace voxelmark::opencl {

/// Built programs on disk, under $XDG_CACHE_HOME/voxelmark (or ~/.cache/voxelmark). An entry holds
/// its whole key, so that a damaged or foreign file is never taken for a program. A cache that is
/// missing, unreadable or unwritable costs time only: no call throws.
std::optional<std::vector<unsigned char>> load_program(const std::string& key);

/// Safe when several processes write at once: the entry is written beside and renamed.
void store_program(const std::string& key, const std::vector<unsigned char>& binary);

}  // namespace voxelmark::opencl
