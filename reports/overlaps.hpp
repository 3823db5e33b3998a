#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/results.hpp"

namespace voxelmark::report {

/// How far the tiles of some images must overlap for one operation on one engine.
struct NeededOverlap {
  std::string operation, parameters, dtype, device_id;
  Extents tile{1, 1, 1}, reach{};
  bool exact = false;  ///< no voxel of any image differs at the reach
  /// By image the smallest overlap that sufficed; nothing where none up to the reach did.
  std::vector<std::pair<std::string, std::optional<std::int64_t>>> observed{};
};

/// A file that `bench overlap --json` wrote.
struct OverlapFile {
  std::string name;      ///< of the file
  double tolerance = 0;  ///< grey levels by which results could differ
  bool incomplete = false;
  std::vector<NeededOverlap> overlaps;
};

/// Throws BadInput, naming the file and what is wrong with it.
OverlapFile read_overlaps(const std::filesystem::path& path);

}  // namespace voxelmark::report
