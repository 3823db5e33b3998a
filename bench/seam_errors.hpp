#pragma once
#include <vector>

#include "bench/tiles.hpp"
#include "engines/core/image.hpp"

namespace voxelmark {

/// What cutting an image into tiles did to a result, voxel by voxel against the uncut one.
struct SeamErrors {
  std::int64_t voxels = 0, differing = 0;
  double largest = 0, sum = 0;  ///< of the absolute differences, in grey levels

  /// Voxels at one distance from the nearest seam: 0 for those right beside it.
  struct AtDistance {
    std::int64_t voxels = 0, differing = 0;
    double largest = 0;
  };
  std::vector<AtDistance> by_distance;  ///< by distance, which counts along the nearest axis
  /// Distances beyond which no voxel differs: the length of by_distance up to its last error.
  std::int64_t reach() const;
};

/// Of two images of one shape and type; two NaN are equal. Where there is no seam, by_distance is
/// empty.
SeamErrors seam_errors(const Image& uncut, const Image& cut, const std::vector<Tile>& tiles);

}  // namespace voxelmark
