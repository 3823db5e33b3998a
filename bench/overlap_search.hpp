#pragma once
#include <optional>

#include "bench/case.hpp"
#include "bench/tiles.hpp"

namespace voxelmark {

/// How far the tiles of one image must overlap for one operation on one engine.
struct NeededOverlap {
  Reach reach{0, 0, 0};  ///< what suffices for every image, in voxels
  /// The smallest overlap, the same along all axes, with which this image's tiles gave the uncut
  /// result, and with one voxel less did not. Nothing where none up to the reach did.
  std::optional<std::int64_t> observed;
  bool exact = false;  ///< at the reach no voxel differs at all

  std::int64_t largest_reach() const { return std::max({reach.x, reach.y, reach.z}); }
};

/// Cuts the images by `tile` with overlaps up to the reach, by bisection; errors up to `tolerance`
/// grey levels are none. Gives a reason where the engine, or tiles, cannot do the operation. Throws
/// Interrupted.
std::variant<NeededOverlap, Skip> find_overlap(Engine& engine, const Operation& operation,
                                               const Parameters& parameters,
                                               const std::vector<Image>& images, const Shape& tile,
                                               double tolerance);

}  // namespace voxelmark
