// Cutting images into tiles: the geometry, and that tiles which overlap as far as an operation
// reaches give what the uncut image gives.
#include "bench/tiles.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <stdexcept>

#include "bench/component_merge.hpp"
#include "bench/engines.hpp"
#include "bench/inputs.hpp"
#include "bench/seam_errors.hpp"
#include "bench/tiled_engine.hpp"
#include "datasets/generators.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
#include "tests/run_operation.hpp"

namespace voxelmark {
namespace {

Tiles tiles_of(const std::string& name, const Given& given, const Shape& shape,
               const Tiling& tiling) {
  const Operation& operation = find_operation(name);
  return std::get<Tiles>(cut(operation, with_parameters(operation, given), shape, tiling));
}

TEST(Tiles, ReadAsMuchMoreAsTheirMarginsAre) {
  const auto ratios = [](std::int64_t margin) {
    const Tiles tiles = tiles_of("GaussianBlur2D", {{"sigma", "20"}}, {512, 512, 1},
                                 {{32, 32, 1}, Reach{margin, margin, 0}});
    return std::pair(tiles.inner_read_ratio(), tiles.read_ratio());
  };
  EXPECT_NEAR(ratios(10).first, 2.64, 0.005);
  EXPECT_NEAR(ratios(20).first, 5.06, 0.005);
  EXPECT_NEAR(ratios(10).second, 2.52, 0.005);
  EXPECT_NEAR(ratios(20).second, 4.72, 0.005);
}

TEST(Tiles, NeedWhatTheOperationReaches) {
  const auto needed = [](const std::string& name, const Given& given) {
    return tiles_of(name, given, {200, 200, 1}, {{64, 64, 1}}).needed;
  };
  EXPECT_EQ(needed("GaussianBlur2D", {{"sigma", "5"}}), (Reach{20, 20, 0}));
  EXPECT_EQ(needed("GaussianBlur2D", {{"sigma", "20"}}), (Reach{80, 80, 0}));
  EXPECT_EQ(needed("TopHat2D", {{"window", "box"}, {"radius", "6"}}), (Reach{12, 12, 0}));
  EXPECT_EQ(needed("AddScalar2D", {}), (Reach{0, 0, 0}));
}

TEST(Tiles, MakeEachVoxelOnceFromWhatLiesInsideTheImage) {
  std::mt19937 random(7);
  const auto up_to = [&](int most) { return 1 + static_cast<std::int64_t>(random() % most); };
  for (int trial = 0; trial < 200; ++trial) {
    const Shape shape{up_to(40), up_to(30), up_to(9)};
    const Tiling tiling{
        {up_to(20), up_to(50), up_to(5)}, Reach{up_to(9), up_to(9), up_to(3)}, trial % 2 == 0};
    const Tiles tiles = tiles_of("Mean3D", {}, shape, tiling);
    Image times(shape, DType::u8);
    std::fill_n(times.data(), times.bytes(), std::byte{0});
    for (const Tile& tile : tiles.tiles) {
      const auto [origin, extent] = tile.input;
      EXPECT_TRUE(origin.x >= 0 && origin.y >= 0 && origin.z >= 0);
      EXPECT_TRUE(origin.x + extent.x <= shape.x && origin.y + extent.y <= shape.y &&
                  origin.z + extent.z <= shape.z);
      EXPECT_EQ(origin.x + tile.kept.x, tile.output.origin.x);
      if (tiling.one_shape) {
        EXPECT_EQ(extent, tiles.tiles[0].input.extent);
      }
      for (std::int64_t z = 0; z < tile.output.extent.z; ++z)
        for (std::int64_t y = 0; y < tile.output.extent.y; ++y)
          for (std::int64_t x = 0; x < tile.output.extent.x; ++x) {
            const Index o = tile.output.origin;
            ++times.pixels<std::uint8_t>()[static_cast<std::size_t>(
                offset(shape, o.x + x, o.y + y, o.z + z))];
          }
    }
    const auto counts = times.pixels<std::uint8_t>();
    EXPECT_TRUE(std::all_of(counts.begin(), counts.end(), [](auto n) { return n == 1; }));
  }
}

TEST(Tiles, DeclineWhatDependsOnAllVoxels) {
  for (const char* name : {"Voronoi2D", "Histogram2D", "AffineTransform2D", "Crop2D"}) {
    const Operation& operation = find_operation(name);
    const auto made = cut(operation, Parameters(operation.parameters), {50, 40, 1}, {{16, 16, 1}});
    EXPECT_TRUE(std::holds_alternative<Skip>(made)) << name;
  }
}

TEST(Tiles, AreReadAsTheyAreWritten) {
  EXPECT_EQ(parse_tile("256").shape(2, 1), (Shape{256, 256, 1}));
  EXPECT_EQ(parse_tile("256").shape(3, 1), (Shape{256, 256, 256}));
  EXPECT_EQ(parse_tile("64x32x8").shape(3, 1), (Shape{64, 32, 8}));
  EXPECT_EQ(parse_tile("64x32x8").shape(2, 1), std::nullopt);
  EXPECT_EQ(parse_overlap("0")->shape(2, 0), (Shape{0, 0, 0}));
  EXPECT_EQ(parse_overlap("auto"), std::nullopt);
  for (const char* text : {"", "0", "-1", "16x", "1x2x3x4", "a", "1.5"})
    EXPECT_THROW(parse_tile(text), BadInput) << text;
  for (const char* text : {"", "-1", "Auto", "1x"}) EXPECT_THROW(parse_overlap(text), BadInput);
}

Image filled(const Shape& shape, std::uint8_t value) {
  Image image(shape, DType::u8);
  std::fill_n(image.data(), image.bytes(), std::byte{value});
  return image;
}

TEST(SeamErrors, CountByTheDistanceToTheNearestSeam) {
  const Shape shape{10, 4, 1};
  const Tiles tiles = tiles_of("Mean2D", {}, shape, {{5, 4, 1}, Reach{0, 0, 0}});
  const Image uncut = filled(shape, 10);
  Image tiled = filled(shape, 10);
  const auto at = [&](std::int64_t x, std::int64_t y) -> std::uint8_t& {
    return tiled.pixels<std::uint8_t>()[static_cast<std::size_t>(offset(shape, x, y, 0))];
  };
  at(4, 0) = 13;  // beside the seam, on its left
  at(5, 2) = 9;   // and on its right
  at(2, 3) = 11;
  const SeamErrors errors = seam_errors(uncut, tiled, tiles.tiles);
  EXPECT_EQ(errors.voxels, 40);
  EXPECT_EQ(errors.differing, 3);
  EXPECT_EQ(errors.largest, 3);
  EXPECT_EQ(errors.sum, 5);
  ASSERT_EQ(errors.by_distance.size(), 5u);
  EXPECT_EQ(errors.by_distance[0].voxels, 8);
  EXPECT_EQ(errors.by_distance[0].differing, 2);
  EXPECT_EQ(errors.by_distance[0].largest, 3);
  EXPECT_EQ(errors.by_distance[2].differing, 1);
  EXPECT_EQ(errors.reach(), 3);
  EXPECT_EQ(seam_errors(uncut, uncut, tiles.tiles).reach(), 0);
  EXPECT_TRUE(seam_errors(uncut, tiled, {tiles.tiles[0]}).by_distance.empty());
}

TEST(SeamErrors, ANanOnOneSideIsADifference) {
  Image a({3, 1, 1}, DType::f32);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::ranges::copy(std::array{1.0f, nan, nan}, a.pixels<float>().begin());
  Image b = a.clone();
  EXPECT_EQ(seam_errors(a, b, {}).differing, 0);
  b.pixels<float>()[1] = 0;
  EXPECT_EQ(seam_errors(a, b, {}).differing, 1);
  EXPECT_EQ(seam_errors(a, b, {}).largest, std::numeric_limits<double>::infinity());
}

Image result_on(Engine& engine, const Operation& operation, const Parameters& parameters,
                const std::vector<Image>& images) {
  auto result = run_on(engine, operation, parameters, pointers_to(images));
  if (const auto* skip = std::get_if<Skip>(&result)) throw std::runtime_error(skip->reason);
  return std::get<Image>(std::move(result));
}

/// Small reaches, different along the axes where that can be.
Parameters with_small_reach(const Operation& operation) {
  const std::string z = operation.dims == 3 ? "x1" : "";
  return with_parameters(operation, {{"sigma", "1.5x0.7" + z},
                                     {"sigma1", "1x0.5" + z},
                                     {"sigma2", "0.5x1.5" + z},
                                     {"radius", "2x3" + z}});
}

bool works_in_tiles(const Operation& operation) {
  return std::holds_alternative<Tiles>(cut(operation, Parameters(operation.parameters),
                                           {64, 64, operation.dims == 3 ? 64 : 1}, {{32, 32, 32}}));
}

std::vector<Operation> operations_in_tiles() {
  std::vector<Operation> found;
  std::copy_if(catalogue().begin(), catalogue().end(), std::back_inserter(found), works_in_tiles);
  return found;
}

/// Whether what is asked of all voxels is had from tiles.
bool reduces_tiles(const Operation& operation) {
  return operation.family == "AutoThreshold" || operation.family == "Histogram" ||
         (operation.family.ends_with("OfAllPixels") && operation.kind == Kind::reduction);
}

/// The engines on the host and the first OpenCL device. An engine that has not the operation has
/// nothing to be tried.
class InTiles : public testing::TestWithParam<Operation> {};

TEST_P(InTiles, EqualTheUncutResult) {
  const Operation& operation = GetParam();
  const Parameters parameters = with_small_reach(operation);
  std::mt19937 random(11);
  const auto between = [&](int least, int most) {
    return least + static_cast<std::int64_t>(random() % static_cast<unsigned>(most - least + 1));
  };
  for (const auto& entry : find_devices({{"reference", "tbb", "opencl"}}))
    for (int trial = 0; trial < 3; ++trial) {
      const Shape shape{between(20, 60), between(15, 50), operation.dims == 3 ? between(4, 20) : 1};
      const Reach needed = operation.reach(parameters, shape);
      Tiling tiling{{between(7, 40), between(5, 30), between(2, 12)}};
      tiling.one_shape = trial == 2;
      if (trial % 2)
        tiling.overlap =
            Reach{needed.x + between(0, 3), needed.y + between(0, 3), needed.z + between(0, 2)};
      const DType dtype =
          operation.dtypes[static_cast<std::size_t>(trial) % operation.dtypes.size()];
      const auto images = generated_inputs(operation, "noise", shape, dtype, 5);
      TiledEngine tiled(*opened(entry), tiling);
      const Image uncut = result_on(*opened(entry), operation, parameters, images);
      const Image cut = result_on(tiled, operation, parameters, images);
      const SeamErrors errors = seam_errors(uncut, cut, tiled.tiles().tiles);
      // An engine may add up in an order that depends on where a tile begins.
      const double allowed =
          entry.device.is_reference()
              ? 0
              : operation
                    .tolerance(parameters, cut.dtype(),
                               range_of_images(operation, pointers_to(images)), shape)
                    .max_abs_error;
      EXPECT_LE(errors.largest, allowed) << entry.device.id << " " << to_string(shape, 3) << " "
                                         << to_string(dtype) << " " << tiling.text(3);
    }
}

/// Noise; for masks one voxel in 50, in or out of the foreground, so that no window is full.
std::vector<std::vector<Image>> constructed_noise(const Operation& operation, const Shape& shape) {
  std::vector<Image> images =
      generated_inputs(operation, "noise", shape, operation.dtypes.back(), 5);
  if (operation.inputs != std::vector{Role::mask}) {
    std::vector<std::vector<Image>> one(1);
    one[0] = std::move(images);
    return one;
  }
  std::vector<std::vector<Image>> both(2);
  for (const float in : {0.0f, 1.0f}) {
    std::mt19937 random(3);
    Image mask(shape, DType::f32);
    for (float& voxel : mask.pixels<float>()) voxel = random() % 50 == 0 ? in : 1 - in;
    both[in == 1].push_back(std::move(mask));
  }
  return both;
}

// The reach is no larger than it must be: a voxel less along one axis shows.
TEST_P(InTiles, NeedTheWholeReach) {
  const Operation& operation = GetParam();
  const Parameters parameters = with_small_reach(operation);
  const Shape shape{60, 50, operation.dims == 3 ? 24 : 1}, tile{12, 12, 12};
  const auto entry = find_devices({{"reference"}}).at(0);
  const Reach needed = std::get<Tiles>(cut(operation, parameters, shape, {tile})).needed;
  const auto noise = constructed_noise(operation, shape);
  for (const auto axis : {&Reach::x, &Reach::y, &Reach::z}) {
    if (needed.*axis == 0) continue;
    Reach less = needed;
    --(less.*axis);
    TiledEngine tiled(*opened(entry), {tile, less});
    std::int64_t differing = 0;
    for (const auto& images : noise) {
      const Image uncut = result_on(*opened(entry), operation, parameters, images),
                  cut = result_on(tiled, operation, parameters, images);
      differing += seam_errors(uncut, cut, tiled.tiles().tiles).differing;
    }
    EXPECT_GT(differing, 0) << to_string(less, 3);
    EXPECT_FALSE(tiled.tiles().exact());
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, InTiles, testing::ValuesIn(operations_in_tiles()),
                         [](const auto& tested) { return tested.param.name; });

class Reductions : public testing::TestWithParam<std::string> {};

// The level is the image's, not a tile's: to the last voxel, by every method.
TEST_P(Reductions, OfTilesAreThoseOfTheImage) {
  for (const auto& entry : find_devices({{"reference", "tbb", "opencl"}}))
    for (const auto& operation : catalogue()) {
      if (!reduces_tiles(operation)) continue;
      for (const DType dtype : operation.dtypes)
        for (const char* method : {"default", "otsu", "li", "triangle", "mean", "yen"}) {
          if (operation.gives_table() && std::string(method) != "otsu") continue;
          const Parameters parameters = with_parameters(operation, {{"method", method}});
          const Shape shape{50, 37, operation.dims == 3 ? 9 : 1};
          const auto images = generated_inputs(operation, GetParam(), shape, dtype, 3);
          TiledEngine tiled(*opened(entry), {{16, 10, 4}});
          const Image uncut = result_on(*opened(entry), operation, parameters, images),
                      cut = result_on(tiled, operation, parameters, images);
          const double scale =
              operation.gives_table() ? std::max(1.0, std::abs(uncut.pixels<double>()[0])) : 1;
          const Range range = range_of_images(operation, pointers_to(images));
          EXPECT_LE(seam_errors(uncut, cut, {}).largest / scale,
                    operation.tolerance(parameters, cut.dtype(), range, shape).max_abs_error)
              << entry.device.id << " " << operation.name << " " << to_string(dtype) << " "
              << method;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Images, Reductions, testing::Values("noise", "nuclei", "constant"),
                         [](const auto& tested) { return tested.param; });

// What a threshold of each tile by itself would give is another mask.
TEST(Reductions, OfEachTileByItselfAreOthers) {
  const Operation& operation = find_operation("AutoThreshold2D");
  const Parameters parameters = with_parameters(operation, {{"method", "otsu"}});
  const auto images = generated_inputs(operation, "nuclei", {64, 64, 1}, DType::u8, 3);
  Engine& engine = *opened(find_devices({{"reference"}}).at(0));
  const Image uncut = result_on(engine, operation, parameters, images);
  Image by_tile(uncut.shape(), uncut.dtype());
  const Tiles tiles = cut_plainly({64, 64, 1}, {16, 16, 1});
  for (const Tile& tile : tiles.tiles) {
    std::vector<Image> part;
    part.push_back(crop(images[0], tile.input));
    copy_box(result_on(engine, operation, parameters, part), {}, tile.output.extent, by_tile,
             tile.output.origin);
  }
  EXPECT_GT(seam_errors(uncut, by_tile, tiles.tiles).differing, 0);
  TiledEngine alone(engine, {.tile = {16, 16, 1}, .per_tile = PerTile::alone});
  const Image made = result_on(alone, operation, parameters, images);
  EXPECT_EQ(seam_errors(made, by_tile, {}).differing, 0);
  EXPECT_FALSE(alone.tiles().exact());
}

/// Random voxels: few are many components, most are one that winds through the whole image.
Image percolating(const Shape& shape, unsigned foreground_in_100, unsigned seed) {
  std::mt19937 random(seed);
  Image mask(shape, DType::u8);
  for (auto& voxel : mask.pixels<std::uint8_t>()) voxel = random() % 100 < foreground_in_100;
  return mask;
}

// Label by label, not only the same partition.
TEST(Components, OfTilesAreThoseOfTheImage) {
  for (const auto& entry : find_devices({{"reference", "tbb", "opencl"}}))
    for (const char* neighbours : {"box", "face"})
      for (const bool flat : {true, false}) {
        const Operation& operation =
            find_operation(flat ? "ConnectedComponents2D" : "ConnectedComponents3D");
        const Parameters parameters = with_parameters(operation, {{"neighbours", neighbours}});
        const Shape shape{61, 43, flat ? 1 : 14};
        std::vector<std::vector<Image>> masks;
        for (const unsigned share : {5u, 32u, 60u, 100u})
          masks.emplace_back().push_back(percolating(shape, share, share));
        masks.push_back(generated_inputs(operation, "spiral", shape, DType::u8, 1));
        std::mt19937 random(4);
        const auto up_to = [&](int most) { return 1 + static_cast<std::int64_t>(random() % most); };
        for (const auto& images : masks)
          for (const Shape& tile : {Shape{16, 16, 5}, Shape{7, 50, 1}, Shape{1, 1, 14},
                                    Shape{2 + up_to(40), 2 + up_to(40), up_to(14)}}) {
            if (tile.x == 1 && !entry.device.is_reference()) continue;  // thousands of tiles
            TiledEngine tiled(*opened(entry), {tile});
            const Image uncut = result_on(*opened(entry), operation, parameters, images),
                        cut = result_on(tiled, operation, parameters, images);
            EXPECT_EQ(seam_errors(uncut, cut, {}).differing, 0)
                << entry.device.id << " " << operation.name << " " << neighbours << " tile "
                << to_string(tile, 3);
          }
      }
}

/// Whether each object of one is an object of the other, whatever their labels.
bool same_partition(const Image& a, const Image& b) {
  std::map<std::uint32_t, std::uint32_t> there, back;
  for (std::size_t i = 0; i < a.pixels<std::uint32_t>().size(); ++i) {
    const std::uint32_t p = a.pixels<std::uint32_t>()[i], q = b.pixels<std::uint32_t>()[i];
    if (there.emplace(p, q).first->second != q || back.emplace(q, p).first->second != p)
      return false;
  }
  return there.at(0) == 0;
}

/// Disks of radius `radius`, apart from each other, all over a square of n x n pixels.
Image disks(std::int64_t n, std::int64_t radius, unsigned seed) {
  std::mt19937 random(seed);
  const auto within = [&] {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(n));
  };
  std::vector<Index> centres;
  for (int trial = 0; trial < 4000; ++trial) {
    const Index centre{within(), within(), 0};
    const auto clear = [&](const Index& other) {
      return std::hypot(centre.x - other.x, centre.y - other.y) >
             2 * static_cast<double>(radius) + 2;
    };
    if (std::all_of(centres.begin(), centres.end(), clear)) centres.push_back(centre);
  }
  Image mask({n, n, 1}, DType::u8);
  for (std::int64_t y = 0; y < n; ++y)
    for (std::int64_t x = 0; x < n; ++x)
      mask.pixels<std::uint8_t>()[static_cast<std::size_t>(y * n + x)] =
          std::any_of(centres.begin(), centres.end(), [&](const Index& c) {
            return (x - c.x) * (x - c.x) + (y - c.y) * (y - c.y) <= radius * radius;
          });
  return mask;
}

std::uint32_t objects_in(const Image& labels) {
  const auto pixels = labels.pixels<std::uint32_t>();
  return *std::max_element(pixels.begin(), pixels.end());
}

// With an overlap as wide as an object, both ways to correct what the seams cut find each once.
TEST(Objects, OfTilesAreThoseOfTheImageWhereTheOverlapShowsThemWhole) {
  const Operation& operation = find_operation("ConnectedComponents2D");
  const Parameters parameters = with_parameters(operation, {});
  for (const auto& entry : find_devices({{"reference", "tbb", "opencl"}}))
    for (const unsigned seed : {1u, 2u, 3u}) {
      std::vector<Image> images;
      images.push_back(disks(150, 4, seed));
      const Image uncut = result_on(*opened(entry), operation, parameters, images);
      const auto in_tiles = [&](PerTile how, std::int64_t overlap) {
        TiledEngine tiled(*opened(entry), {{32, 40, 1}, Reach{overlap, overlap, 0}, false, how});
        return result_on(tiled, operation, parameters, images);
      };
      EXPECT_GT(objects_in(in_tiles(PerTile::alone, 0)), objects_in(uncut) + 10);
      EXPECT_GT(objects_in(in_tiles(PerTile::alone, 12)), objects_in(uncut) + 10);
      EXPECT_TRUE(same_partition(in_tiles(PerTile::centroid, 12), uncut)) << entry.device.id;
      EXPECT_TRUE(same_partition(in_tiles(PerTile::merge, 12), uncut)) << entry.device.id;
      EXPECT_FALSE(same_partition(in_tiles(PerTile::centroid, 1), uncut));
    }
}

TEST(Objects, OfNucleiAreCountedTwiceAtSeamsUnlessCorrected) {
  const Operation& operation = find_operation("VoronoiOtsuLabeling2D");
  const Parameters parameters = with_parameters(operation, {});
  const auto images = generated_inputs(operation, "nuclei", {256, 256, 1}, DType::u8, 1);
  Engine& engine = *opened(find_devices({{"tbb"}}).at(0));
  const auto uncut = objects_in(result_on(engine, operation, parameters, images));
  const auto missed = [&](PerTile how) {
    TiledEngine tiled(engine, {{64, 64, 1}, Reach{24, 24, 0}, false, how});
    const auto found = objects_in(result_on(tiled, operation, parameters, images));
    return std::abs(static_cast<int>(found) - static_cast<int>(uncut));
  };
  EXPECT_LT(missed(PerTile::centroid), missed(PerTile::alone));
  EXPECT_LT(missed(PerTile::merge), missed(PerTile::alone));
}

TEST(Objects, AreThoseOfLabelsOfAnImage) {
  for (const auto& [name, how, takes_it] :
       {std::tuple{"VoronoiOtsuLabeling3D", PerTile::merge, true},
        {"ConnectedComponents2D", PerTile::centroid, true},
        {"AutoThreshold2D", PerTile::alone, true},
        {"AutoThreshold2D", PerTile::merge, false},
        {"GaussianBlur2D", PerTile::alone, false},
        {"Histogram2D", PerTile::alone, false},
        {"ExcludeLabelsOnEdges2D", PerTile::centroid, false}})
    EXPECT_EQ(takes(find_operation(name), how), takes_it) << name;
}

Image row_of_labels(std::int64_t extent, std::int64_t first, std::int64_t end) {
  Image labels({extent, 1, 1}, DType::u32);
  const auto pixels = labels.pixels<std::uint32_t>();
  for (std::int64_t x = 0; x < extent; ++x)
    pixels[static_cast<std::size_t>(x)] = x >= first && x < end;
  return labels;
}

// Offsets are as large as no image of a test: 2^36 voxels, of which but five rows are shown.
TEST(Components, CountBeyondFourBillionVoxels) {
  constexpr std::int64_t width = 1 << 20,
                         wraps = std::int64_t{9} << 12;  // 2^20 * wraps is 9 * 2^32
  ComponentMerger merger({width, 1 << 16, 1}, {width, 1, 1}, false);
  const auto add = [&](std::int64_t row, std::int64_t first, std::int64_t end) {
    merger.add({0, row, 0}, row_of_labels(width, first, end));
  };
  add(65535, 0, width);
  add(wraps + 1, 9, 20);
  add(2, 0, 5);
  add(wraps, 5, 9);
  add(wraps + 3, 0, 5);
  EXPECT_EQ(merger.tile_components(), 5u);
  merger.merge();
  EXPECT_EQ(merger.components(), 4u);
  const auto label_of = [&](std::int64_t row) {
    Image label = row_of_labels(width, 0, 1);
    merger.relabel({0, row, 0}, label);
    return label.pixels<std::uint32_t>()[0];
  };
  EXPECT_EQ(label_of(2), 1u);
  EXPECT_EQ(label_of(wraps), 2u);
  EXPECT_EQ(label_of(wraps + 1), 2u);
  EXPECT_EQ(label_of(wraps + 3), 3u);
  EXPECT_EQ(label_of(65535), 4u);
}

TEST(Components, AreRefusedWhereLabelsCannotTellThem) {
  EXPECT_NO_THROW(require_labels_for((std::uint64_t{1} << 32) - 2));
  EXPECT_THROW(require_labels_for((std::uint64_t{1} << 32) - 1), NotMeasurable);
  EXPECT_THROW(require_labels_for(std::uint64_t{1} << 40), NotMeasurable);
}

// As processes do that each see some of the tiles.
TEST(Components, OfSeveralMergersAreThoseOfOne) {
  Engine& engine = *opened(find_devices({{"reference"}}).at(0));
  const Operation& operation = find_operation("ConnectedComponents3D");
  for (const bool by_faces : {true, false}) {
    const Parameters parameters =
        with_parameters(operation, {{"neighbours", by_faces ? "face" : "box"}});
    std::vector<Image> mask;
    mask.push_back(percolating({40, 31, 19}, 30, 7));
    const Image uncut = result_on(engine, operation, parameters, mask);
    const Shape tile{11, 9, 8};
    const auto tiles = cut_plainly(uncut.shape(), tile).tiles;
    std::vector<Image> own;
    for (const Tile& one : tiles) {
      std::vector<Image> part;
      part.push_back(crop(mask[0], one.output));
      own.push_back(result_on(engine, operation, parameters, part));
    }
    std::array<std::unique_ptr<ComponentMerger>, 3> mergers;
    for (auto& merger : mergers)
      merger = std::make_unique<ComponentMerger>(uncut.shape(), tile, by_faces);
    for (std::size_t i = 0; i < tiles.size(); ++i)
      mergers[i * 7 % 3]->add(tiles[i].output.origin, own[i]);
    mergers[1]->absorb(mergers[0]->state());
    mergers[1]->absorb(mergers[2]->state());
    mergers[1]->merge();
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      mergers[1]->relabel(tiles[i].output.origin, own[i]);
      EXPECT_EQ(seam_errors(crop(uncut, tiles[i].output), own[i], {}).differing, 0);
    }
  }
}

TEST(Components, OfAnotherOrderAreRefused) {
  ComponentMerger merger({6, 1, 1}, {3, 1, 1}, true);
  const auto labels = [](std::array<std::uint32_t, 3> values) {
    Image image({3, 1, 1}, DType::u32);
    std::ranges::copy(values, image.pixels<std::uint32_t>().begin());
    return image;
  };
  EXPECT_THROW(merger.add({}, labels({2, 0, 1})), std::runtime_error);
  merger.add({}, labels({1, 0, 2}));
  merger.add({3, 0, 0}, labels({1, 0, 0}));
  merger.merge();
  Image changed = labels({1, 0, 3});  // in the meantime
  EXPECT_THROW(merger.relabel({}, changed), std::runtime_error);
}

// Faces are kept no longer than they are needed: of tiles in order about a plane of the image.
TEST(Components, TakeMemoryForSeamsThatAreOpen) {
  for (const bool by_faces : {true, false}) {
    const Shape image{96, 80, 64}, tile{16, 16, 8};
    const Image labels = [&] {
      Image background(tile, DType::u32);
      std::memset(background.data(), 0, background.bytes());
      return background;
    }();
    ComponentMerger merger(image, tile, by_faces);
    const std::size_t before = merger.bytes();
    std::size_t most = 0;
    for (const Tile& one : cut_plainly(image, tile).tiles) {
      merger.add(one.output.origin, labels);
      most = std::max(most, merger.bytes() - before);
    }
    const auto plane = static_cast<std::size_t>((image.x + tile.x) * (image.y + tile.y)) * 4;
    EXPECT_LE(
        most,
        plane + static_cast<std::size_t>((image.x + 2 * tile.x) * tile.z + tile.y * tile.z) * 4);
    EXPECT_GT(most, plane / 2);
    EXPECT_EQ(merger.bytes(), before);
  }
}

TEST(InTiles, AreMostOperationsOfTheCatalogue) { EXPECT_GT(operations_in_tiles().size(), 50u); }

}  // namespace
}  // namespace voxelmark
