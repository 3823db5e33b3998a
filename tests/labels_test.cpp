// Labels, maxima and nearest labels: what the comparison of small noise with the reference does not
// reach. Tests named Large take long and much memory.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/operations/connected_components.hpp"
#include "engines/operations/voronoi.hpp"
#include "tests/image_makers.hpp"
#include "tests/run_operation.hpp"
#include "validate/label_agreement.hpp"

namespace voxelmark {
namespace {

using Values = Given;

class Labels : public testing::TestWithParam<EngineEntry> {
 protected:
  bool is_reference() const { return GetParam().device.engine == "reference"; }

  /// The result of an operation on this engine, into poisoned memory.
  Image run(const std::string& name, const std::vector<const Image*>& images,
            const Values& values = {}) {
    return run_on(*engine_, name, images, values);
  }
  Image run(const std::string& name, const Image& image, const Values& values = {}) {
    return run(name, std::vector<const Image*>{&image}, values);
  }
  /// The same on the reference.
  static Image expected(const std::string& name, const std::vector<const Image*>& images,
                        const Values& values = {}) {
    static const auto engine =
        std::get<std::unique_ptr<Engine>>(find_devices({{"reference"}}).front().open(0));
    return run_on(*engine, name, images, values);
  }

 private:
  static Image run_on(Engine& engine, const std::string& name,
                      const std::vector<const Image*>& images, const Values& values) {
    const Operation& operation = find_operation(name);
    return std::get<Image>(
        voxelmark::run_on(engine, operation, with_parameters(operation, values), images));
  }

  std::unique_ptr<Engine> engine_ = std::get<std::unique_ptr<Engine>>(GetParam().open(0));
};

template <class T>
std::vector<int> values_of(const Image& image) {
  const auto pixels = image.pixels<T>();
  return {pixels.begin(), pixels.end()};
}

/// Each voxel `value()` of one generator.
template <class T, class F>
Image drawn(const Shape& shape, std::uint64_t seed, F value) {
  Image image(shape, dtype_of<T>());
  std::mt19937_64 random(seed);
  for (T& pixel : image.pixels<T>()) pixel = static_cast<T>(value(random()));
  return image;
}

/// A mask whose voxels are foreground with the given probability.
Image random_mask(const Shape& shape, double density, std::uint64_t seed) {
  return drawn<std::uint8_t>(shape, seed, [density](std::uint64_t r) {
    return static_cast<double>(r >> 11) * 0x1p-53 < density;
  });
}

Image flipped(const Image& image, int axis) {
  Image result(image.shape(), image.dtype());
  const Shape& s = image.shape();
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    for (std::int64_t z = 0; z < s.z; ++z)
      for (std::int64_t y = 0; y < s.y; ++y)
        for (std::int64_t x = 0; x < s.x; ++x)
          result.pixels<T>()[offset(s, axis == 0 ? s.x - 1 - x : x, axis == 1 ? s.y - 1 - y : y,
                                    axis == 2 ? s.z - 1 - z : z)] =
              image.pixels<T>()[offset(s, x, y, z)];
  });
  return result;
}

/// Isolated voxels at every `step`-th column and row are components in raster order.
void expect_isolated(const Image& labels, std::int64_t step) {
  const Shape& shape = labels.shape();
  std::uint32_t next = 0;
  std::int64_t wrong = 0;
  for (std::int64_t y = 0; y < shape.y; ++y)
    for (std::int64_t x = 0; x < shape.x; ++x) {
      const bool inside = x % step == 0 && y % step == 0;
      wrong += labels.pixels<std::uint32_t>()[offset(shape, x, y, 0)] != (inside ? ++next : 0);
    }
  EXPECT_EQ(wrong, 0);
}

Image isolated(const Shape& shape, std::int64_t step) {
  Image mask(shape, DType::u8);
  for (std::int64_t y = 0; y < shape.y; ++y)
    for (std::int64_t x = 0; x < shape.x; ++x)
      mask.pixels<std::uint8_t>()[offset(shape, x, y, 0)] = x % step == 0 && y % step == 0;
  return mask;
}

TEST_P(Labels, TwentyOneThousandComponents) {
  if (is_reference()) GTEST_SKIP() << "the truth is known";
  // 145 x 145 = 21,025 of them.
  expect_isolated(run("ConnectedComponents2D", isolated({4200, 4200, 1}, 29)), 29);
}

// More components than float32 counts exactly.
TEST_P(Labels, LargeCountOfComponents) {
  if (is_reference()) GTEST_SKIP() << "the truth is known";
  expect_isolated(run("ConnectedComponents2D", isolated({8200, 8200, 1}, 2)), 2);
}

TEST_P(Labels, PercolatingMask) {
  const Image mask = random_mask({128, 120, 100}, 0.12, 5);
  for (const char* neighbours : {"box", "face"}) {
    const Image labels = run("ConnectedComponents3D", mask, {{"neighbours", neighbours}});
    EXPECT_TRUE(
        equal(labels, expected("ConnectedComponents3D", {&mask}, {{"neighbours", neighbours}})));
  }
}

TEST_P(Labels, ComponentsOfManyDensities) {
  for (const double density : {0.0, 0.3, 0.45, 0.6, 0.95, 1.0})
    for (const Shape& shape :
         {Shape{301, 97, 1}, Shape{33, 31, 29}, Shape{1, 1000, 1}, Shape{1, 1, 300}}) {
      const Image mask = random_mask(shape, density, 11);
      for (const char* neighbours : {"box", "face"})
        EXPECT_TRUE(equal(run("ConnectedComponents3D", mask, {{"neighbours", neighbours}}),
                          expected("ConnectedComponents3D", {&mask}, {{"neighbours", neighbours}})))
            << density << " " << to_string(shape, 3) << " " << neighbours;
    }
}

TEST_P(Labels, SpiralIsOneComponent) {
  const std::int64_t size = is_reference() ? 512 : 4096;
  const Image spiral = generate("spiral", {size, size, 1}, DType::u8, 1);
  for (const char* neighbours : {"box", "face"}) {
    const Image labels = run("ConnectedComponents2D", spiral, {{"neighbours", neighbours}});
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < labels.pixels<std::uint32_t>().size(); ++i)
      wrong += labels.pixels<std::uint32_t>()[i] != (spiral.pixels<std::uint8_t>()[i] != 0);
    EXPECT_EQ(wrong, 0) << neighbours;
  }
}

TEST_P(Labels, ComponentsFlipWithTheImage) {
  const Image mask = random_mask({90, 70, 20}, 0.2, 3);
  const Image labels = run("ConnectedComponents3D", mask, {{"neighbours", "face"}});
  for (const int axis : {0, 1, 2}) {
    const Image back =
        flipped(run("ConnectedComponents3D", flipped(mask, axis), {{"neighbours", "face"}}), axis);
    EXPECT_TRUE(label_agreement(labels, back).partition_equal) << axis;
  }
}

TEST_P(Labels, NanIsBackground) {
  Image mask({3, 1, 1}, DType::f32);
  const float values[]{std::numeric_limits<float>::quiet_NaN(), -1e-30f,
                       std::numeric_limits<float>::infinity()};
  std::copy(std::begin(values), std::end(values), mask.pixels<float>().begin());
  EXPECT_EQ(values_of<std::uint32_t>(run("ConnectedComponents2D", mask)), (std::vector{0, 1, 1}));
}

TEST(LabelLimits, VoxelsAreCountedIn32Bits) {
  EXPECT_NO_THROW(require_countable({(std::int64_t{1} << 32) - 1, 1, 1}));
  EXPECT_THROW(require_countable({1 << 16, 1 << 16, 1}), TooLarge);
}

TEST_P(Labels, VoronoiOfManySeeds) {
  for (const double density : {0.0005, 0.01, 0.3})
    for (const Shape& shape :
         {Shape{300, 201, 1}, Shape{70, 41, 23}, Shape{1, 90, 70}, Shape{2100, 2, 1}})
      for (const char* spacing : {"1", "0.3x1x2.5"}) {
        const Image seeds =
            drawn<std::uint32_t>(shape, 17, [density](std::uint64_t r) -> std::uint64_t {
              return static_cast<double>(r >> 11) * 0x1p-53 < density ? 1 + r % 50 : 0;
            });
        const Image mask = random_mask(shape, 0.7, 2);
        const Values values{{"spacing", spacing}, {"masked", "yes"}};
        EXPECT_TRUE(equal(run("Voronoi3D", {&seeds, &mask}, values),
                          expected("Voronoi3D", {&seeds, &mask}, values)))
            << density << " " << to_string(shape, 3) << " " << spacing;
      }
}

TEST_P(Labels, VoronoiTiesGoToTheLowerLabel) {
  const Image seeds = image_of<std::uint32_t>({5, 1, 1}, {9, 0, 0, 0, 3});
  const Image mask = image_of<std::uint8_t>({5, 1, 1}, {1, 1, 1, 1, 0});
  EXPECT_EQ(values_of<std::uint32_t>(run("Voronoi2D", {&seeds, &mask})),
            (std::vector{9, 9, 3, 3, 3}));
  EXPECT_EQ(values_of<std::uint32_t>(run("Voronoi2D", {&seeds, &mask}, {{"masked", "yes"}})),
            (std::vector{9, 9, 3, 3, 0}));
  // (1, 0) and (0, 1) are as far from the middle by 3 and 4 as by 5.
  const Image far = [] {
    Image image({11, 11, 1}, DType::u32);
    std::ranges::fill(image.pixels<std::uint32_t>(), 0u);
    image.pixels<std::uint32_t>()[offset({11, 11, 1}, 10, 5, 0)] = 7;  // (5, 0) from the middle
    image.pixels<std::uint32_t>()[offset({11, 11, 1}, 2, 1, 0)] = 4;   // (-3, -4)
    return image;
  }();
  const Image everywhere = random_mask({11, 11, 1}, 1, 1);
  EXPECT_EQ(run("Voronoi2D", {&far, &everywhere}).pixels<std::uint32_t>()[60], 4u);
}

TEST_P(Labels, VoronoiWithoutSeedsIsEmpty) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{65, 9, 1}, Shape{9, 5, 4}}) {
    const Image seeds = drawn<std::uint32_t>(shape, 1, [](std::uint64_t) { return 0; });
    const Image mask = random_mask(shape, 1, 1);
    EXPECT_TRUE(equal(run("Voronoi3D", {&seeds, &mask}), seeds));
  }
}

TEST_P(Labels, VoronoiFlipsWithTheImage) {
  // Labels along x and y alike would tie; distinct seeds far apart do not.
  const Shape shape{81, 63, 15};
  const Image mask = random_mask(shape, 1, 1);
  const Image seeds = drawn<std::uint32_t>(
      shape, 23, [](std::uint64_t r) { return r % 997 == 0 ? 1 + (r >> 20) % 1000000 : 0; });
  const Image labels = run("Voronoi3D", {&seeds, &mask});
  for (const int axis : {0, 1, 2}) {
    const Image turned = flipped(seeds, axis);
    EXPECT_TRUE(equal(labels, flipped(run("Voronoi3D", {&turned, &mask}), axis)));
  }
}

TEST(DistanceWeights, AreTheSquaresOfTheSpacing) {
  const AxisWeights weights = distance_weights({0.5f, 1.0f, 1.5f}, {100, 100, 100});
  EXPECT_EQ(weights.x, 4096);
  EXPECT_EQ(weights.y, 4 * 4096);
  EXPECT_EQ(weights.z, 9 * 4096);
  EXPECT_EQ(distance_weights({1, 1, 0}, {100, 100, 1}).z, 0);
  EXPECT_THROW(distance_weights({0.001f, 1000, 0}, {100, 1 << 20, 1}), TooLarge);
}

TEST_P(Labels, MaximaOfPlateaus) {
  // A plateau that rises at one end is none; one that does not is marked at its first voxel.
  EXPECT_EQ(values_of<std::uint8_t>(run(
                "DetectMaxima2D", image_of<std::uint8_t>({9, 1, 1}, {5, 5, 5, 6, 1, 4, 4, 4, 0}))),
            (std::vector{0, 0, 0, 1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(values_of<std::uint8_t>(
                run("DetectMaxima2D", image_of<std::uint8_t>({5, 1, 1}, {7, 7, 7, 7, 7}))),
            (std::vector{1, 0, 0, 0, 0}));
  EXPECT_EQ(
      values_of<std::uint8_t>(run(
          "DetectMaxima2D", image_of<std::uint8_t>({5, 1, 1}, {7, 0, 6, 0, 7}), {{"radius", "2"}})),
      (std::vector{1, 0, 0, 0, 1}));
  EXPECT_EQ(
      values_of<std::uint8_t>(run(
          "DetectMaxima2D", image_of<std::uint8_t>({5, 1, 1}, {7, 0, 6, 0, 8}), {{"floor", "7"}})),
      (std::vector{0, 0, 0, 0, 1}));
}

/// Few grey levels: plateaus of every shape.
Image few_levels(const Shape& shape, int levels, std::uint64_t seed) {
  return drawn<float>(shape, seed, [levels](std::uint64_t r) {
    return static_cast<int>(r % static_cast<std::uint64_t>(levels));
  });
}

TEST_P(Labels, MaximaAmongFewLevels) {
  for (const int levels : {1, 2, 3, 6})
    for (const Shape& shape : {Shape{120, 77, 1}, Shape{40, 30, 20}})
      for (const char* radius : {"0", "1", "2"}) {
        const Image image = few_levels(shape, levels, 31);
        EXPECT_TRUE(equal(run("DetectMaxima3D", image, {{"radius", radius}}),
                          expected("DetectMaxima3D", {&image}, {{"radius", radius}})))
            << levels << " " << to_string(shape, 3) << " " << radius;
      }
}

// Without blurring all values are exact, and so are the labels with their numbers.
TEST_P(Labels, OtsuLabelsAreExactWithoutBlurring) {
  for (const Shape& shape : {Shape{170, 131, 1}, Shape{50, 41, 30}})
    for (const char* data : {"noise", "nuclei", "blobs"}) {
      const Image image = generate(data, shape, DType::u8, 3);
      for (const auto& [name, values] : std::vector<std::pair<std::string, Values>>{
               {"VoronoiOtsuLabeling3D", {{"spot_sigma", "0"}, {"outline_sigma", "0"}}},
               {"GaussOtsuLabeling3D", {{"outline_sigma", "0"}}},
               {"ErodedOtsuLabeling3D", {{"outline_sigma", "0"}, {"erosions", "1"}}},
               {"ErodedOtsuLabeling3D", {{"outline_sigma", "0"}, {"erosions", "2"}}}})
        EXPECT_TRUE(equal(run(name, image, values), expected(name, {&image}, values)))
            << name << " " << data << " " << to_string(shape, 3);
    }
}

// A component whose voxels lie nearer to the seed of another one than to their own: two combs whose
// teeth alternate, each with its one maximum at the far end of the back.
TEST_P(Labels, SeedsGrowWithinTheirOwnComponent) {
  const Shape shape{200, 120, 1};
  Image image(shape, DType::u8);
  for (std::int64_t y = 0; y < shape.y; ++y)
    for (std::int64_t x = 0; x < shape.x; ++x) {
      const bool upper = y < 3 || (x % 8 < 3 && y < 114),
                 lower = y >= 117 || (x % 8 - 4 >= 0 && x % 8 < 7 && y >= 6);
      image.pixels<std::uint8_t>()[offset(shape, x, y, 0)] = upper || lower ? 200 : 0;
    }
  image.pixels<std::uint8_t>()[offset(shape, 0, 0, 0)] = 201;
  image.pixels<std::uint8_t>()[offset(shape, 199, 119, 0)] = 201;
  const Values unblurred{{"spot_sigma", "0"}, {"outline_sigma", "0"}};
  const Image labels = run("VoronoiOtsuLabeling2D", image, unblurred);
  const Image components = run("GaussOtsuLabeling2D", image, {{"outline_sigma", "0"}});
  EXPECT_TRUE(equal(labels, components));
  EXPECT_EQ(range_of(labels).maximum, 2);
}

TEST_P(Labels, ComponentsWithoutASeedAreEmpty) {
  // Erosion leaves nothing of the thin one.
  std::vector<std::uint8_t> values(9 * 9, 0);
  std::vector<int> labels(9 * 9, 0);
  for (int y = 0; y < 9; ++y)
    for (int x = 0; x < 5; ++x) labels[9 * y + x] = values[9 * y + x] = 1;
  for (int y = 0; y < 9; ++y) values[9 * y + 7] = 1;
  EXPECT_EQ(values_of<std::uint32_t>(run("ErodedOtsuLabeling2D",
                                         image_of<std::uint8_t>({9, 9, 1}, values),
                                         {{"outline_sigma", "0"}, {"erosions", "1"}})),
            labels);
}

TEST_P(Labels, HillsThatStandOut) {
  const auto marks = [&](const std::vector<std::uint16_t>& values, const char* prominence) {
    const Shape shape{static_cast<std::int64_t>(values.size()), 1, 1};
    return values_of<std::uint8_t>(
        run("FindMaxima2D", image_of<std::uint16_t>(shape, values), {{"prominence", prominence}}));
  };
  // The lower hill stands out where its saddle lies deeper than the prominence.
  EXPECT_EQ(marks({0, 20, 12, 17, 0}, "4.5"), (std::vector{0, 1, 0, 1, 0}));
  EXPECT_EQ(marks({0, 20, 12, 17, 0}, "5"), (std::vector{0, 1, 0, 0, 0}));
  // Equal tops with a shallow saddle count once, at the one nearest to their mean position.
  EXPECT_EQ(marks({9, 0, 20, 18, 20, 18, 20, 0}, "5"), (std::vector{1, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(marks({20, 18, 20, 0, 20}, "5"), (std::vector{1, 0, 0, 0, 1}));
  EXPECT_EQ(marks({20, 18, 20, 0, 20}, "20"), (std::vector{0, 0, 1, 0, 0}));
  // The highest counts always, but not where all are equal.
  EXPECT_EQ(marks({0, 1, 0}, "1000"), (std::vector{0, 1, 0}));
  EXPECT_EQ(marks({3, 3, 3}, "5"), (std::vector{0, 0, 0}));
  EXPECT_EQ(marks({3}, "0"), (std::vector{0}));
}

TEST_P(Labels, HillsAmongFewLevels) {
  for (const int levels : {2, 4, 9, 40})
    for (const Shape& shape : {Shape{150, 133, 1}, Shape{400, 1, 1}, Shape{1, 300, 1}})
      for (const char* prominence : {"0", "1", "2", "6.5", "100"}) {
        const Image image = few_levels(shape, levels, 41);
        EXPECT_TRUE(equal(run("FindMaxima2D", image, {{"prominence", prominence}}),
                          expected("FindMaxima2D", {&image}, {{"prominence", prominence}})))
            << levels << " " << to_string(shape, 2) << " " << prominence;
      }
}

TEST_P(Labels, HillsOfBlobs) {
  const Image image = generate("blobs", {700, 500, 1}, DType::f32, 2);
  for (const char* prominence : {"0.01", "1", "5", "50"})
    EXPECT_TRUE(equal(run("FindMaxima2D", image, {{"prominence", prominence}}),
                      expected("FindMaxima2D", {&image}, {{"prominence", prominence}})));
}

// Small enough for a checker of data races that interprets kernels.
TEST_P(Labels, EveryFamilyOnASmallImage) {
  const Shape shape{41, 13, 1};
  const Image image = few_levels(shape, 5, 3), mask = random_mask(shape, 0.5, 4);
  const Image seeds = drawn<std::uint32_t>(
      shape, 6, [](std::uint64_t r) { return r % 11 == 0 ? (r >> 20) % 9 : 0; });
  const auto same = [&]<class T>(std::type_identity<T>, const std::string& name,
                                 const std::vector<const Image*>& images, const Values& values) {
    EXPECT_TRUE(equal(run(name, images, values), expected(name, images, values))) << name;
  };
  constexpr std::type_identity<std::uint32_t> labels;
  constexpr std::type_identity<std::uint8_t> marks;
  same(labels, "ConnectedComponents2D", {&mask}, {});
  same(labels, "Voronoi2D", {&seeds, &mask}, {{"masked", "yes"}});
  same(marks, "DetectMaxima2D", {&image}, {});
  same(marks, "FindMaxima2D", {&image}, {{"prominence", "1"}});
  same(labels, "VoronoiOtsuLabeling2D", {&image}, {{"spot_sigma", "0"}, {"outline_sigma", "0"}});
  same(labels, "ErodedOtsuLabeling2D", {&image}, {{"erosions", "1"}, {"outline_sigma", "0"}});
}

/// A file of the real images, if there are any.
std::optional<Image> real(const std::string& path) {
  const char* folder = std::getenv("VOXELMARK_DATA");
  if (!folder) return std::nullopt;
  return read_tiff(std::filesystem::path(folder) / path);
}

TEST_P(Labels, BlobsAreCounted) {
  const auto blobs = real("blobs/blobs.tif"), expected_labels = real("blobs/lab_sk.tif");
  if (!blobs) GTEST_SKIP() << "VOXELMARK_DATA names no folder";
  const Image mask = run("AutoThreshold2D", *blobs, {{"method", "otsu"}});
  const Image labels = run("ConnectedComponents2D", mask);
  EXPECT_EQ(range_of(labels).maximum, 64);
  EXPECT_TRUE(label_agreement(convert(*expected_labels, DType::u32), labels).partition_equal);
  EXPECT_EQ(range_of(run("GaussOtsuLabeling2D", *blobs)).maximum, 62);
}

// The annotation was drawn by a human; the figure expected is that of the same workflow in
// scikit-image, which ends with a watershed.
TEST_P(Labels, NucleiAreSegmentedAsWellAsByWatershed) {
  const std::pair<const char*, double> images[]{
      {"17P1_POS0013", 0.8357}, {"20P1_POS0005", 0.7967}, {"A9_p7d", 0.7949}};
  for (const auto& [name, by_watershed] : images) {
    const std::string path = std::string("bbbc007/") + name;
    const auto image = real(path + ".tif");
    if (!image) GTEST_SKIP() << "VOXELMARK_DATA names no folder";
    const Image labels = run("VoronoiOtsuLabeling2D", run("TopHat2D", *image, {{"radius", "10"}}),
                             {{"spot_sigma", "5"}, {"outline_sigma", "1"}});
    const LabelAgreement figures =
        label_agreement(convert(*real(path + "_ann.tif"), DType::u32), labels);
    EXPECT_NEAR(*figures.sparse_jaccard, by_watershed, 0.02) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Labels,
                         testing::ValuesIn(find_devices({{"reference", "tbb", "opencl"}})),
                         [](const auto& tested) {
                           return tested.param.device.engine + std::to_string(tested.index);
                         });

}  // namespace
}  // namespace voxelmark
