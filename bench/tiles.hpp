#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engines/core/engine.hpp"

namespace voxelmark {

/// How an operation that looks at the whole image is done by tiles that know nothing of each other:
/// as another method, whose result is not the operation's.
enum class PerTile {
  no,        ///< the operation itself, or not at all
  alone,     ///< each tile by itself: a threshold of its own, objects up to its border
  centroid,  ///< a tile's objects are those whose centroid lies in what it adds to the result
  merge,     ///< objects of two tiles are one where they cover each other where the tiles overlap
};
std::string to_string(PerTile how);

/// How a result is cut, in voxels.
struct Tiling {
  Shape tile;                      ///< what a tile adds to the result
  std::optional<Reach> overlap{};  ///< read beyond it on each side; nothing: what is needed
  /// Tiles at the borders read, or make, as much as any other, so that one plan fits them all. With
  /// an overlap that suffices it makes no other difference.
  bool one_shape = false;
  PerTile per_tile = PerTile::no;

  /// "tile:256x256/overlap:20", or with "/per-tile:merge": the part of a case's name.
  std::string text(int dims) const;
};

/// A tile: what is read of the input, what of the result it makes, and where in its own result that
/// begins.
struct Tile {
  Region input, output;
  Index kept;
  std::int64_t frame = 0;  ///< time point
};

struct Tiles {
  std::vector<Tile> tiles;  ///< x fastest; together they make each voxel of the result once
  Shape tile;               ///< no larger than the result
  Reach overlap, needed;    ///< used; and that which the operation reaches
  Shape input;              ///< of the whole image
  PerTile per_tile = PerTile::no;

  /// Voxels read, as a multiple of the input's.
  double read_ratio() const;
  /// The same of a tile far from the image's borders.
  double inner_read_ratio() const;
  /// Whether the result is to be that of the image as a whole: by its definition, and its overlap.
  bool exact() const;
};

/// Whether tiles that know nothing of each other can do the operation in their way.
bool takes(const Operation& operation, PerTile how);

/// Cuts an image of shape `input`. Gives a reason where the operation cannot be done tile by tile.
std::variant<Tiles, Skip> cut(const Operation& operation, const Parameters& parameters,
                              const Shape& input, const Tiling& tiling);

/// Throws BadInput where an overlap was asked for that is larger than the tile or the image (one
/// that is left to the program may be), or none where objects are joined by it.
void require_sensible(const Tiling& tiling, const Shape& image, int dims);

/// Along its longest axis; nothing where less than 4096 voxels would be left.
std::optional<Shape> halved(const Shape& tile);

/// Cuts what all of an image is looked at for, without overlaps: a tile's output is its input.
Tiles cut_plainly(const Shape& input, const Shape& tile);

/// Voxels along the axes as a user wrote them; a single number stands for all axes.
struct TileExtent {
  std::vector<std::int64_t> voxels;
  /// With `beyond` along z where `dims` is 2; nothing where another number of axes was written.
  std::optional<Shape> shape(int dims, std::int64_t beyond) const;
  std::string text() const;
};
/// Reads "256", "256x256" or "256x256x32". Throws BadInput.
TileExtent parse_tile(std::string_view text);
/// The same from 0 on; nothing for "auto".
std::optional<TileExtent> parse_overlap(std::string_view text);

}  // namespace voxelmark
