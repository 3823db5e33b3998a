#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bench/ranks.hpp"
#include "bench/tile_lanes.hpp"
#include "datasets/volume.hpp"

namespace voxelmark {

/// Tiles of a volume whose components are to be labelled. Each one reads as many voxels as any
/// other, those beyond the volume as background, so that one plan fits them all.
Tiles cut_for_components(const Shape& volume, const Shape& tile);

/// Components of volumes that need not fit the memory. Every time point's tiles are labelled twice:
/// first for what lies on their seams, from which the components follow, then for the labels
/// themselves, which are written as they will stay. To label a tile again takes less than to write
/// provisional labels and to read them back, and whatever is found in the target is right.
class ComponentVolume {
 public:
  /// Time point t of the target is `first_frame` + t of the source. `memory` bounds what is kept
  /// between the tiles.
  ComponentVolume(VolumeReader& source, std::int64_t first_frame, VolumeWriter& target,
                  const Tiles& tiles, bool by_faces, std::size_t memory)
      : source_(source),
        first_frame_(first_frame),
        target_(target),
        tiles_(tiles),
        by_faces_(by_faces),
        memory_(memory) {}

  /// Writes the tiles that are `left` to this rank, each with its time point. Every rank looks at a
  /// part of each volume, and is told what the others found. Throws BadInput where there are more
  /// components than the memory or labels of 32 bits can hold; ranks end together.
  TileStages run(TileLanes& lanes, const std::vector<Tile>& left, Ranks& ranks);

 private:
  TileStages label_frame(TileLanes& lanes, std::int64_t frame, const std::vector<Tile>& left,
                         Ranks& ranks);
  void read(const Tile& tile, Image& pixels) const;

  VolumeReader& source_;
  const std::int64_t first_frame_;
  VolumeWriter& target_;
  const Tiles& tiles_;
  const bool by_faces_;
  const std::size_t memory_;
};

}  // namespace voxelmark
