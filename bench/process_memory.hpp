#pragma once
#include <cstddef>

namespace voxelmark {

/// Bytes of memory that this process has now, and the most that it ever had; 0 where the system
/// does not tell.
std::size_t resident_bytes();
std::size_t peak_resident_bytes();

}  // namespace voxelmark
