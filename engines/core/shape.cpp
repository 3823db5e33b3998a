#include "engines/core/shape.hpp"

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

std::string to_string(const Shape& shape, int dims) {
  const std::string plane = std::to_string(shape.x) + "x" + std::to_string(shape.y);
  return dims == 2 ? plane : plane + "x" + std::to_string(shape.z);
}

ParsedShape parse_shape(std::string_view text) {
  const auto fail = [&](const std::string& why) {
    return BadInput("'" + std::string(text) + "': " + why +
                    "; write it as 2048x2048 or 1024x1024x32");
  };
  const auto parts = split(text, 'x');
  if (parts.size() != 2 && parts.size() != 3) throw fail("needs two or three extents");
  std::array<std::int64_t, 3> extents{1, 1, 1};
  constexpr std::int64_t most_voxels = std::int64_t{1} << 48;
  std::int64_t voxels = 1;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto extent = parse_number<std::int64_t>(parts[i]);
    if (!extent || *extent < 1) throw fail("each extent is a whole number from 1");
    if (*extent > most_voxels / voxels) throw fail("more than 2^48 voxels");
    voxels *= *extent;
    extents[i] = *extent;
  }
  return {{extents[0], extents[1], extents[2]}, static_cast<int>(parts.size())};
}

}  // namespace voxelmark
