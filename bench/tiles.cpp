#include "bench/tiles.hpp"

#include <algorithm>
#include <array>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

/// From `first`, `count` voxels.
struct Span {
  std::int64_t first = 0, count = 0;
};

/// A span grown by `margin` on both sides, inside an axis of `extent` voxels.
Span grown(const Span& span, std::int64_t margin, std::int64_t extent) {
  const std::int64_t first = std::max<std::int64_t>(0, span.first - margin);
  return {first, std::min(extent, span.first + span.count + margin) - first};
}

/// At least `count` voxels of the axis, or all of it, with the span among them.
Span widened(const Span& span, std::int64_t count, std::int64_t extent) {
  const std::int64_t wide = std::max(span.count, std::min(count, extent));
  return {std::min(span.first, extent - wide), wide};
}

std::vector<Span> spans(std::int64_t extent, std::int64_t tile) {
  std::vector<Span> all;
  for (std::int64_t first = 0; first < extent; first += tile)
    all.push_back({first, std::min(tile, extent - first)});
  return all;
}

/// `change(span, amount, extent)` of each axis.
template <class Change>
Region changed(const Region& region, const Shape& amount, const Shape& image, Change change) {
  const Span x = change(Span{region.origin.x, region.extent.x}, amount.x, image.x),
             y = change(Span{region.origin.y, region.extent.y}, amount.y, image.y),
             z = change(Span{region.origin.z, region.extent.z}, amount.z, image.z);
  return {{x.first, y.first, z.first}, {x.count, y.count, z.count}};
}

Index from(const Index& origin, const Index& position) {
  return {position.x - origin.x, position.y - origin.y, position.z - origin.z};
}

/// A box cut into others, x fastest.
std::vector<Region> regions(const Shape& shape, const Shape& tile) {
  std::vector<Region> all;
  for (const Span& z : spans(shape.z, tile.z))
    for (const Span& y : spans(shape.y, tile.y))
      for (const Span& x : spans(shape.x, tile.x))
        all.push_back({{x.first, y.first, z.first}, {x.count, y.count, z.count}});
  return all;
}

/// Why an operation is not done tile by tile; empty where it is.
std::string obstacle(const Operation& operation, const Shape& input, const Shape& result) {
  if (operation.kind == Kind::global)
    return "each of its voxels can depend on all others: it is not done tile by tile";
  if (operation.kind == Kind::reduction || operation.gives_table())
    return "it looks at all voxels at once: an overlap is of no use to it, and its result is not "
           "written tile by tile";
  if (operation.is_transfer) return "a transfer is not done tile by tile";
  if (!operation.source && result != input)
    return "its result has another shape than the image: it is not done tile by tile";
  return "";
}

}  // namespace

std::string to_string(PerTile how) {
  static constexpr std::array names{"no", "alone", "centroid", "merge"};
  return names[static_cast<std::size_t>(how)];
}

bool takes(const Operation& operation, PerTile how) {
  if (operation.family == "AutoThreshold") return how == PerTile::alone;
  return operation.kind == Kind::global && operation.inputs.size() == 1 &&
         operation.dtypes != std::vector{DType::u32} &&
         operation.result_dtype(Parameters(operation.parameters), DType::f32) == DType::u32;
}

std::string Tiling::text(int dims) const {
  return "tile:" + to_string(tile, dims) +
         "/overlap:" + (overlap ? to_string(*overlap, dims) : std::string("auto")) +
         (per_tile == PerTile::no ? "" : "/per-tile:" + to_string(per_tile));
}

double Tiles::read_ratio() const {
  double voxels = 0;
  for (const Tile& one : tiles) voxels += static_cast<double>(one.input.extent.voxels());
  return voxels / static_cast<double>(input.voxels());
}

double Tiles::inner_read_ratio() const {
  const auto along = [](std::int64_t extent, std::int64_t margin) {
    return static_cast<double>(extent + 2 * margin) / static_cast<double>(extent);
  };
  return along(tile.x, overlap.x) * along(tile.y, overlap.y) * along(tile.z, overlap.z);
}

bool Tiles::exact() const {
  return per_tile == PerTile::no && overlap.x >= needed.x && overlap.y >= needed.y &&
         overlap.z >= needed.z;
}

std::variant<Tiles, Skip> cut(const Operation& operation, const Parameters& parameters,
                              const Shape& input, const Tiling& tiling) {
  const Shape result = operation.result_shape(parameters, input, 0);
  const bool alone = tiling.per_tile != PerTile::no;
  if (alone && !takes(operation, tiling.per_tile))
    return Skip{operation.name + ": is not done tile by tile in the way '" +
                to_string(tiling.per_tile) + "'"};
  if (const auto why = obstacle(operation, input, result); !alone && !why.empty())
    return Skip{operation.name + ": " + why};
  Tiles cut;
  cut.input = input;
  cut.per_tile = tiling.per_tile;
  cut.tile = {std::min(tiling.tile.x, result.x), std::min(tiling.tile.y, result.y),
              std::min(tiling.tile.z, result.z)};
  // What moves voxels says by itself which part it needs.
  cut.needed = operation.source || alone ? Reach{0, 0, 0} : operation.reach(parameters, input);
  cut.overlap = operation.source ? Reach{0, 0, 0} : tiling.overlap.value_or(cut.needed);
  const Shape window{cut.tile.x + 2 * cut.overlap.x, cut.tile.y + 2 * cut.overlap.y,
                     cut.tile.z + 2 * cut.overlap.z};
  for (const Region& region : regions(result, cut.tile)) {
    Tile tile;
    tile.output = region;
    if (operation.source) {
      const Region made = tiling.one_shape ? changed(region, cut.tile, result, widened) : region;
      tile.input = operation.source(parameters, input, made);
      tile.kept = from(made.origin, region.origin);
    } else {
      tile.input = changed(region, cut.overlap, input, grown);
      if (tiling.one_shape) tile.input = changed(tile.input, window, input, widened);
      tile.kept = from(tile.input.origin, region.origin);
    }
    cut.tiles.push_back(tile);
  }
  return cut;
}

void require_sensible(const Tiling& tiling, const Shape& image, int dims) {
  const bool joins = tiling.per_tile == PerTile::centroid || tiling.per_tile == PerTile::merge;
  if (joins && (!tiling.overlap || tiling.overlap->x < 1 || tiling.overlap->y < 1 ||
                (dims == 3 && tiling.overlap->z < 1)))
    throw BadInput("--per-tile " + to_string(tiling.per_tile) +
                   " needs --overlap, of about the width of an object");
  if (!tiling.overlap) return;
  const auto [tile, overlap] = std::pair(tiling.tile, *tiling.overlap);
  const auto fail = [&](const std::string& than) {
    throw BadInput("--overlap " + to_string(overlap, dims) + " is larger than " + than +
                   "; overlaps are voxels to each side of a tile");
  };
  if (overlap.x > image.x || overlap.y > image.y || overlap.z > image.z)
    fail("the image of " + to_string(image, dims) + " voxels");
  if (overlap.x > tile.x || overlap.y > tile.y || overlap.z > tile.z)
    fail("--tile " + to_string(tile, dims));
}

std::optional<Shape> halved(const Shape& tile) {
  std::int64_t Shape::*longest = &Shape::x;
  for (const auto axis : {&Shape::y, &Shape::z})
    if (tile.*axis > tile.*longest) longest = axis;
  Shape half = tile;
  half.*longest = (half.*longest + 1) / 2;
  if (half.voxels() < 4096) return std::nullopt;
  return half;
}

Tiles cut_plainly(const Shape& input, const Shape& tile) {
  Tiles cut;
  cut.input = input;
  cut.tile = {std::min(tile.x, input.x), std::min(tile.y, input.y), std::min(tile.z, input.z)};
  cut.overlap = cut.needed = {0, 0, 0};
  for (const Region& region : regions(input, cut.tile)) cut.tiles.push_back({region, region, {}});
  return cut;
}

namespace {

TileExtent parse_extent(std::string_view text, std::int64_t least, const std::string& examples) {
  TileExtent extent;
  for (const auto& part : split(text, 'x')) {
    const auto voxels = parse_number<std::int64_t>(part);
    constexpr std::int64_t most = std::int64_t{1} << 48;
    if (!voxels || *voxels < least || *voxels > most || extent.voxels.size() == 3)
      throw BadInput("'" + std::string(text) + "': write it in whole numbers from " +
                     std::to_string(least) + " on, as " + examples);
    extent.voxels.push_back(*voxels);
  }
  return extent;
}

}  // namespace

TileExtent parse_tile(std::string_view text) {
  return parse_extent(text, 1, "256, 256x256 or 256x256x32");
}

std::optional<TileExtent> parse_overlap(std::string_view text) {
  if (text == "auto") return std::nullopt;
  return parse_extent(text, 0, "20, 20x20 or 20x20x5, or auto");
}

std::string TileExtent::text() const {
  std::vector<std::string> parts;
  for (const std::int64_t extent : voxels) parts.push_back(std::to_string(extent));
  return join(parts, "x");
}

std::optional<Shape> TileExtent::shape(int dims, std::int64_t beyond) const {
  if (voxels.size() != 1 && voxels.size() != static_cast<std::size_t>(dims)) return std::nullopt;
  const auto along = [&](std::size_t axis) { return voxels[voxels.size() == 1 ? 0 : axis]; };
  return Shape{along(0), along(1), dims == 3 ? along(2) : beyond};
}

}  // namespace voxelmark
