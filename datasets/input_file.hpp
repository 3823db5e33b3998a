#pragma once
#include <cstdint>
#include <filesystem>

namespace voxelmark {

/// The size in bytes, at least 1, of a regular file. Throws BadInput, naming the file and what is
/// wrong, where there is none, it is empty, or it is a folder or a device.
std::uintmax_t input_file_bytes(const std::filesystem::path& path);

}  // namespace voxelmark
