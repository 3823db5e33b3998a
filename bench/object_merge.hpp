#pragma once
#include <vector>

#include "bench/tiles.hpp"
#include "engines/core/image.hpp"

namespace voxelmark {

/// Puts objects that tiles labelled by themselves together. Keeps what all tiles saw, overlaps
/// included: 4 bytes a voxel read.
class ObjectMerger {
 public:
  ObjectMerger(PerTile how, const std::vector<Tile>& tiles)
      : how_(how), tiles_(tiles), seen_(tiles.size()) {}

  /// `labels` is of all that tile number `i` read. For several threads, with different tiles.
  void add(std::size_t i, const Image& labels);

  /// Fills a label image, numbered from 1 on without gaps in the order of the tiles:
  /// - alone: what each tile adds to the result, as it labelled it;
  /// - centroid: of each tile the objects whose centroid lies in what it adds, as far as the tile
  ///   sees them; a voxel of two objects is the first tile's;
  /// - merge: as alone, and objects of two tiles are one where in what both read they share at
  ///   least half of the smaller one's voxels.
  void merge(Image& result) const;

 private:
  void merge_centroids(Image& result) const;
  void merge_insides(Image& result) const;

  PerTile how_;
  const std::vector<Tile>& tiles_;
  std::vector<Image> seen_;
};

}  // namespace voxelmark
