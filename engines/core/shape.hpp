#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace voxelmark {

/// Extents in voxels, x fastest. A 2D image has z == 1.
struct Shape {
  std::int64_t x = 1, y = 1, z = 1;

  std::int64_t voxels() const { return x * y * z; }
  bool operator==(const Shape&) const = default;
};

/// Position of a voxel, counted from 0.
struct Index {
  std::int64_t x = 0, y = 0, z = 0;
  bool operator==(const Index&) const = default;
};

/// A box of voxels inside an image.
struct Region {
  Index origin;
  Shape extent;
};

inline std::int64_t offset(const Shape& shape, std::int64_t x, std::int64_t y, std::int64_t z) {
  return (z * shape.y + y) * shape.x + x;
}

/// "2048x2048" for two dimensions, "1024x1024x32" for three.
std::string to_string(const Shape& shape, int dims);

/// A shape as the user wrote it: how many extents were given decides between 2D and 3D operations.
struct ParsedShape {
  Shape shape;
  int dims = 2;
};

/// Parses "256x256" or "256x256x32". Throws BadInput on anything else, on extents below 1, and
/// where the count of voxels passes 2^48.
ParsedShape parse_shape(std::string_view text);

}  // namespace voxelmark
