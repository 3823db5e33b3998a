#include "bench/component_volume.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

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

TileStages ComponentVolume::run(TileLanes& lanes, const std::vector<Tile>& left, Ranks& ranks) {
  TileStages all;
  for (std::int64_t frame = 0; frame < target_.info().frames; ++frame) {
    std::vector<Tile> mine;
    std::ranges::copy_if(left, std::back_inserter(mine),
                         [&](const Tile& tile) { return tile.frame == frame; });
    if (ranks.greatest({mine.empty() ? 0.0 : 1.0})[0] > 0)
      all += label_frame(lanes, frame, mine, ranks);
  }
  return all;
}

TileStages ComponentVolume::label_frame(TileLanes& lanes, std::int64_t frame,
                                        const std::vector<Tile>& left, Ranks& ranks) {
  const auto read = [&](const Tile& tile, std::size_t, Image& pixels) { this->read(tile, pixels); };
  ComponentMerger merger(tiles_.input, tiles_.tile, by_faces_);
  const auto require_memory = [&] {
    if (const std::size_t bytes = merger.bytes(); bytes > memory_)
      throw BadInput("the tiles done so far have " + std::to_string(merger.tile_components()) +
                     " components, which take " + human_bytes(static_cast<double>(bytes)) +
                     ", and --memory leaves " + human_bytes(static_cast<double>(memory_)) +
                     " for them; give a larger one");
  };
  const auto part = [&](int rank) {
    return tiles_.tiles.begin() +
           static_cast<std::ptrdiff_t>(tiles_.tiles.size() * static_cast<std::size_t>(rank) /
                                       static_cast<std::size_t>(ranks.size()));
  };
  std::vector<Tile> seen(part(ranks.rank()), part(ranks.rank() + 1));
  for (Tile& tile : seen) tile.frame = frame;
  TileStages stages = ranks.together([&] {
    return lanes.run(seen, read, [&](const Tile& tile, const Image& labels) {
      merger.add(tile.output.origin, labels);
      require_memory();
    });
  });
  const auto states = ranks.size() > 1 ? ranks.share(merger.state()) : std::vector<std::string>{};
  ranks.together([&] {
    for (std::size_t rank = 0; rank < states.size(); ++rank) {
      if (static_cast<int>(rank) == ranks.rank()) continue;
      merger.absorb(states[rank]);
      require_memory();
    }
    try {
      merger.merge();
    } catch (const NotMeasurable& error) {
      throw BadInput(error.what());
    }
  });
  stages += ranks.together([&] {
    return lanes.run(left, read, [&](const Tile& tile, Image& labels) {
      const Region kept{{}, tile.output.extent};
      merger.relabel(tile.output.origin, labels);
      if (labels.shape() == kept.extent) {
        target_.write(tile.output, tile.frame, labels);
      } else {
        target_.write(tile.output, tile.frame, crop(labels, kept));
      }
    });
  });
  return stages;
}

}  // namespace voxelmark
