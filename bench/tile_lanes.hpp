#pragma once
#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bench/execution.hpp"
#include "bench/tiles.hpp"

namespace voxelmark {

/// What each stage of all tiles took together, in seconds; lanes work at once, so that a run takes
/// less than their sum.
struct TileStages {
  double read = 0, push = 0, compute = 0, pull = 0, write = 0;

  TileStages& operator+=(const TileStages& other);
};

/// An operation made ready to be done tile by tile: on each engine some lanes, each with buffers, a
/// stream and a thread of its own, that take the next tile when they are done with one. While one
/// lane computes, others read, push, pull and write; a faster device takes more tiles.
class TileLanes {
 public:
  /// Fills `pixels` from the tile's part of an input. Called from several threads at once, as is
  /// Write.
  using Read = std::function<void(const Tile& tile, std::size_t input, Image& pixels)>;
  /// Takes a tile's result, of which the tile's output begins at `tile.kept`, and may change it.
  using Write = std::function<void(const Tile& tile, Image& result)>;

  /// Allocates and prepares for every shape of tile, not more lanes than there are tiles in so many
  /// `images`. Gives an engine's reason where it declines.
  static std::variant<TileLanes, Skip> prepare(const std::vector<Engine*>& engines,
                                               const Operation& operation,
                                               const Parameters& parameters,
                                               const std::vector<DType>& inputs,
                                               const std::vector<Tile>& tiles,
                                               std::int64_t largest_label, std::size_t images = 1);
  /// Tiles of shapes that were prepared for. Throws what a lane threw first; the others end with
  /// their tile. Throws Interrupted.
  TileStages run(const std::vector<Tile>& tiles, const Read& read, const Write& write);

  std::size_t lanes() const { return lanes_.size(); }
  /// Leaves one lane, so that all stages of all tiles follow each other.
  void keep_one() { lanes_.resize(std::min<std::size_t>(1, lanes_.size())); }
  /// Of the last run: how many tiles each device took.
  std::map<std::string, std::size_t> tiles_by_device() const;

 private:
  struct Lane;
  static void work(Lane& lane, const std::vector<Tile>& tiles, std::atomic<std::size_t>& next,
                   const Read& read, const Write& write);

  std::vector<std::shared_ptr<Lane>> lanes_;
};

}  // namespace voxelmark
