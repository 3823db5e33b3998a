#pragma once
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "datasets/volume.hpp"

namespace voxelmark {

/// Pixels in memory, x fastest, and where in them a box lies.
template <class Byte>
struct BoxIn {
  Byte* pixels;
  Shape shape;   ///< of all
  Index origin;  ///< of the box
};

/// Copies a box of pixels of `item` bytes from one place to another, which do not overlap.
inline void copy_box(const BoxIn<const std::byte>& from, const BoxIn<std::byte>& to,
                     const Shape& extent, std::size_t item) {
  const auto row = [&](const auto& in, std::int64_t y, std::int64_t z) {
    return in.pixels + static_cast<std::size_t>(
                           offset(in.shape, in.origin.x, in.origin.y + y, in.origin.z + z)) *
                           item;
  };
  for (std::int64_t z = 0; z < extent.z; ++z)
    for (std::int64_t y = 0; y < extent.y; ++y)
      std::memcpy(row(to, y, z), row(from, y, z), static_cast<std::size_t>(extent.x) * item);
}

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
