#pragma once
#include <stdexcept>

#include "datasets/volume.hpp"
#include "engines/core/box_copy.hpp"

namespace voxelmark {

/// Throws std::logic_error where the region does not lie in the volume, or the image does not fit
/// it.
inline void require_inside(const VolumeInfo& info, const Region& region, std::int64_t frame,
                           const Image& pixels) {
  const auto inside = [](std::int64_t origin, std::int64_t extent, std::int64_t all) {
    return origin >= 0 && extent > 0 && extent <= all - origin;
  };
  const auto& [origin, extent] = region;
  if (!inside(origin.x, extent.x, info.shape.x) || !inside(origin.y, extent.y, info.shape.y) ||
      !inside(origin.z, extent.z, info.shape.z) || !inside(frame, 1, info.frames))
    throw std::logic_error("a region that does not lie in its volume");
  if (pixels.shape() != extent || pixels.dtype() != info.dtype)
    throw std::logic_error("an image that does not fit its region of a volume");
}

}  // namespace voxelmark
