#include "bench/component_volume.hpp"

#include <algorithm>
#include <cstring>

#include "bench/component_merge.hpp"
#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

Tiles cut_for_components(const Shape& volume, const Shape& tile) {
  Tiles cut = cut_plainly(volume, tile);
  for (Tile& one : cut.tiles) one.input.extent = cut.tile;
  return cut;
}

void ComponentVolume::read(const Tile& tile, Image& pixels) const {
  const std::int64_t frame = first_frame_ + tile.frame;
  if (tile.output.extent == pixels.shape()) return source_.read(tile.output, frame, pixels);
  Image part(tile.output.extent, pixels.dtype());
  source_.read(tile.output, frame, part);
  std::memset(pixels.data(), 0, pixels.bytes());
  copy_box(part, {}, tile.output.extent, pixels, {});
}

TileStages ComponentVolume::run(TileLanes& lanes, const std::vector<Tile>& left) {
  TileStages all;
  for (auto from = left.begin(); from != left.end();) {
    const auto to =
        std::find_if(from, left.end(), [&](const Tile& tile) { return tile.frame != from->frame; });
    all += label_frame(lanes, {from, to});
    from = to;
  }
  return all;
}

TileStages ComponentVolume::label_frame(TileLanes& lanes, const std::vector<Tile>& left) {
  const auto read = [&](const Tile& tile, std::size_t, Image& pixels) { this->read(tile, pixels); };
  ComponentMerger merger(tiles_.input, tiles_.tile, by_faces_);
  std::vector<Tile> tiles = tiles_.tiles;
  for (Tile& tile : tiles) tile.frame = left[0].frame;
  TileStages stages = lanes.run(tiles, read, [&](const Tile& tile, const Image& labels) {
    merger.add(tile.output.origin, labels);
    if (const std::size_t bytes = merger.bytes(); bytes > memory_)
      throw BadInput("the tiles done so far have " + std::to_string(merger.tile_components()) +
                     " components, which take " + human_bytes(static_cast<double>(bytes)) +
                     ", and --memory leaves " + human_bytes(static_cast<double>(memory_)) +
                     " for them; give a larger one");
  });
  try {
    merger.merge();
  } catch (const NotMeasurable& error) {
    throw BadInput(error.what());
  }
  stages += lanes.run(left, read, [&](const Tile& tile, Image& labels) {
    const Region kept{{}, tile.output.extent};
    merger.relabel(tile.output.origin, labels);
    if (labels.shape() == kept.extent) {
      target_.write(tile.output, tile.frame, labels);
    } else {
      target_.write(tile.output, tile.frame, crop(labels, kept));
    }
  });
  return stages;
}

}  // namespace voxelmark
