#pragma once
#include <cstdint>
#include <vector>

#include "bench/tiles.hpp"
#include "engines/core/image.hpp"

namespace voxelmark {

/// Joins the connected components of tiles into those of the image. Memory is a few numbers for
/// each component of a tile.
class ComponentMerger {
 public:
  /// Of an image of shape `image`, cut without overlaps.
  ComponentMerger(const Shape& image, const std::vector<Tile>& tiles)
      : image_(image), tiles_(tiles), first_voxels_(tiles.size()) {}

  /// Notes where in the image the components of tile number `i` begin. `labels` is the tile's own
  /// result, numbered as ConnectedComponents does. For several threads, with different tiles.
  void add(std::size_t i, const Image& labels);

  /// `labels` has each tile's own labels; it is given those that ConnectedComponents gives of the
  /// whole image. Neighbours share a face, or differ by at most 1 along each axis. Throws
  /// NotMeasurable where the tiles have more components than labels can tell.
  void merge(bool by_faces, Image& labels);

 private:
  Shape image_;
  const std::vector<Tile>& tiles_;
  std::vector<std::vector<std::int64_t>> first_voxels_;  ///< offset in the image, of each component
};

}  // namespace voxelmark
