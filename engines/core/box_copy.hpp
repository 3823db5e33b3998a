#pragma once
#include <cstddef>
#include <cstring>

#include "engines/core/shape.hpp"

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

}  // namespace voxelmark
