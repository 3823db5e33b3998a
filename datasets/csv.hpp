#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// Writes a table (an f64 image of one column an x and one row a y) as comma-separated values under
/// a line of column names; NaN, an undefined value, is left empty. Throws BadInput, naming the
/// file.
void write_csv(const std::filesystem::path& path, const std::vector<std::string>& columns,
               const Image& table);

}  // namespace voxelmark
