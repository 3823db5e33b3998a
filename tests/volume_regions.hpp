#pragma once
#include <string>
#include <vector>

#include "datasets/volume.hpp"

namespace voxelmark {

/// The whole of a volume, single voxels, and boxes that begin and end anywhere.
inline std::vector<Region> regions_of(const Shape& shape) {
  std::vector<Region> regions{
      {{}, shape}, {{}, {1, 1, 1}}, {{shape.x - 1, shape.y - 1, shape.z - 1}, {1, 1, 1}}};
  std::uint32_t state = 1;
  const auto below = [&](std::int64_t n) {
    state = state * 1664525u + 1013904223u;
    return static_cast<std::int64_t>(state >> 8) % n;
  };
  for (int i = 0; i < 20; ++i) {
    const Index origin{below(shape.x), below(shape.y), below(shape.z)};
    regions.push_back({origin,
                       {1 + below(shape.x - origin.x), 1 + below(shape.y - origin.y),
                        1 + below(shape.z - origin.z)}});
  }
  return regions;
}

inline std::string to_text(const Region& region) {
  const auto& [x, y, z] = region.origin;
  return to_string(region.extent, 3) + " at " + to_string(Shape{x, y, z}, 3);
}

inline Image read_region(VolumeReader& volume, const Region& region, std::int64_t frame = 0) {
  Image pixels(region.extent, volume.info().dtype);
  volume.read(region, frame, pixels);
  return pixels;
}

}  // namespace voxelmark
