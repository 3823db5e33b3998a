#include "datasets/generators.hpp"

#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "engines/core/error.hpp"
#include "tests/image_makers.hpp"

namespace voxelmark {
namespace {

const std::vector<Shape> odd_shapes{{1, 1, 1},    {7, 5, 3},    {1, 9, 1},    {9, 1, 1},
                                    {1, 1, 9},    {2, 2, 1},    {2, 2, 2},    {5, 7, 1},
                                    {24, 24, 12}, {25, 47, 13}, {48, 23, 24}, {100, 70, 30}};

std::uint64_t fingerprint(const Image& image) {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (std::size_t i = 0; i < image.bytes(); ++i)
    hash = (hash ^ std::to_integer<std::uint64_t>(image.data()[i])) * 1099511628211u;
  return hash;
}

TEST(Generators, NamesAreKnown) {
  EXPECT_EQ(dataset_names(),
            (std::vector<std::string>{"noise", "nuclei", "blobs", "spiral", "constant"}));
  try {
    generate("nuclear", {4, 4, 1}, DType::u8, 1);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_STREQ(error.what(),
                 "no data set 'nuclear'; there are noise, nuclei, blobs, spiral, constant");
  }
}

TEST(Generators, EveryShapeAndTypeIsFilled) {
  for (const std::string& name : dataset_names())
    for (const Shape& shape : odd_shapes)
      for (const DType dtype : all_types) {
        const Image image = generate(name, shape, dtype, 1);
        EXPECT_EQ(image.shape(), shape);
        EXPECT_EQ(image.dtype(), dtype);
        const Range range = range_of(image);
        EXPECT_GE(range.minimum, 0);
        EXPECT_LE(range.maximum, dtype == DType::u16 ? 65535 : 256) << name;
      }
}

TEST(Generators, ThreadsDoNotShow) {
  tbb::task_arena one(1), two(2);
  for (const std::string& name : dataset_names())
    for (const DType dtype : all_types) {
      Image a, b;
      const Shape shape{301, 203, 37};
      one.execute([&] { a = generate(name, shape, dtype, 42); });
      two.execute([&] { b = generate(name, shape, dtype, 42); });
      EXPECT_TRUE(equal(a, b)) << name << ' ' << to_string(dtype);
    }
}

TEST(Generators, PixelsAreTheSameOnEveryMachine) {
  const std::map<std::pair<std::string, DType>, std::uint64_t> known{
      {{"noise", DType::u8}, 0x8f1fd719fd190488},   {{"noise", DType::f32}, 0x47f90269da0836a6},
      {{"nuclei", DType::u8}, 0x7073d1b90e888299},  {{"nuclei", DType::u32}, 0x78c56449c65a0f94},
      {{"nuclei", DType::f32}, 0x99e6a319404f17f8}, {{"blobs", DType::u8}, 0x8021f09516dc2600},
      {{"blobs", DType::f32}, 0x827c1406b0e3f448}};
  for (const auto& [key, hash] : known)
    EXPECT_EQ(fingerprint(generate(key.first, {61, 47, 31}, key.second, 7)), hash) << key.first;
}

TEST(Generators, SeedsDiffer) {
  for (const char* name : {"noise", "nuclei", "blobs"})
    EXPECT_FALSE(
        equal(generate(name, {64, 64, 8}, DType::u8, 0), generate(name, {64, 64, 8}, DType::u8, 1)))
        << name;
}

TEST(Generators, ConstantIsHundred) {
  for (const DType dtype : all_types) {
    const Range range = range_of(generate("constant", {31, 3, 2}, dtype, 1));
    EXPECT_EQ(range.minimum, 100);
    EXPECT_EQ(range.maximum, 100);
  }
}

TEST(Noise, IsUniform) {
  const auto check = [](DType dtype, double levels) {
    const Image image = generate("noise", {512, 512, 4}, dtype, 3);
    visit(dtype, [&]<class T>(std::type_identity<T>) {
      constexpr int bins = 64;
      std::vector<double> counts(bins);
      for (const T pixel : image.pixels<T>())
        ++counts.at(static_cast<std::size_t>(static_cast<double>(pixel) / levels * bins));
      double chi_squared = 0;
      const double mean = static_cast<double>(image.shape().voxels()) / bins;
      for (const double count : counts) chi_squared += (count - mean) * (count - mean) / mean;
      EXPECT_LT(chi_squared, 120) << to_string(dtype);  // 63 expected, 120 once in 10^5
      EXPECT_GT(chi_squared, 25) << to_string(dtype);
    });
  };
  check(DType::u8, 256);
  check(DType::u16, 65536);
  check(DType::u32, 256);
  check(DType::f32, 256);
  const Image floats = generate("noise", {64, 64, 1}, DType::f32, 3);
  EXPECT_TRUE(std::ranges::any_of(floats.pixels<float>(),
                                  [](float value) { return value != std::floor(value); }));
}

/// Face neighbours of each voxel of an object, by its label.
template <class F>
void for_each_pair(const Image& labels, F&& body) {
  const Shape& shape = labels.shape();
  const auto pixels = labels.pixels<std::uint32_t>();
  const auto at = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return pixels[static_cast<std::size_t>(offset(shape, x, y, z))];
  };
  for (std::int64_t z = 0; z < shape.z; ++z)
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x) {
        if (x + 1 < shape.x) body(at(x, y, z), at(x + 1, y, z));
        if (y + 1 < shape.y) body(at(x, y, z), at(x, y + 1, z));
        if (z + 1 < shape.z) body(at(x, y, z), at(x, y, z + 1));
      }
}

TEST(NucleiTest, LabelsAreCompactAndApart) {
  for (const Shape& shape : odd_shapes)
    for (const std::uint64_t seed : {0, 1, 2}) {
      const Nuclei nuclei = generate_nuclei(shape, DType::u8, seed);
      ASSERT_EQ(nuclei.labels.dtype(), DType::u32);
      std::set<std::uint32_t> labels;
      for (const std::uint32_t label : nuclei.labels.pixels<std::uint32_t>())
        if (label) labels.insert(label);
      ASSERT_FALSE(labels.empty());
      EXPECT_EQ(*labels.begin(), 1u);
      EXPECT_EQ(*labels.rbegin(), labels.size());
      for_each_pair(nuclei.labels, [](std::uint32_t a, std::uint32_t b) {
        EXPECT_TRUE(a == b || a == 0 || b == 0) << a << " touches " << b;
      });
    }
}

TEST(NucleiTest, SizesAreAsPromised) {
  for (const auto& [shape, least, most] :
       {std::tuple{Shape{480, 480, 1}, 70, 270}, std::tuple{Shape{240, 240, 60}, 230, 1600}}) {
    const Nuclei nuclei = generate_nuclei(shape, DType::u8, 5);
    std::map<std::uint32_t, int> volumes;
    for (const std::uint32_t label : nuclei.labels.pixels<std::uint32_t>()) ++volumes[label];
    volumes.erase(0);
    EXPECT_EQ(volumes.size(), shape.z == 1 ? 400u : 500u);
    for (const auto& [label, volume] : volumes) {
      EXPECT_GE(volume, least) << label;  // of the smallest radius, about 79 and 262
      EXPECT_LE(volume, most) << label;   // of the largest, about 254 and 1527
    }
  }
}

TEST(NucleiTest, NucleiAreBrightOnDimBackground) {
  for (const DType dtype : all_types) {
    const double scale = dtype == DType::u16 ? 100 : 1;
    const Nuclei nuclei = generate_nuclei({240, 240, 1}, dtype, 1);
    const auto labels = nuclei.labels.pixels<std::uint32_t>();
    double inside = 0, outside = 0, count = 0;
    visit(dtype, [&]<class T>(std::type_identity<T>) {
      const auto pixels = nuclei.intensity.pixels<T>();
      for (std::size_t i = 0; i < labels.size(); ++i)
        (labels[i] ? inside : outside) += static_cast<double>(pixels[i]) / scale;
    });
    for (const std::uint32_t label : labels) count += label != 0;
    EXPECT_NEAR(inside / count, 132, 15);
    EXPECT_NEAR(outside / (static_cast<double>(labels.size()) - count), 24, 4);
  }
}

TEST(NucleiTest, TypesDifferByScaleAndRounding) {
  const Shape shape{100, 70, 30};
  for (const char* name : {"nuclei", "blobs"}) {
    const Image exact = generate(name, shape, DType::f32, 9);
    const Image bytes = generate(name, shape, DType::u8, 9);
    const Image words = generate(name, shape, DType::u16, 9);
    for (std::size_t i = 0; i < exact.pixels<float>().size(); ++i) {
      ASSERT_NEAR(bytes.pixels<std::uint8_t>()[i], exact.pixels<float>()[i], 0.5001);
      ASSERT_NEAR(words.pixels<std::uint16_t>()[i], 100 * exact.pixels<float>()[i], 0.51);
    }
  }
}

TEST(NucleiTest, GenerateGivesIntensityOrLabels) {
  const Nuclei nuclei = generate_nuclei({50, 40, 20}, DType::u16, 4);
  EXPECT_TRUE(equal(generate("nuclei", {50, 40, 20}, DType::u16, 4), nuclei.intensity));
  EXPECT_TRUE(equal(generate("nuclei", {50, 40, 20}, DType::u32, 4), nuclei.labels));
}

TEST(Blobs, AreSpotsOnDarkBackground) {
  const Image image = generate("blobs", {280, 280, 1}, DType::f32, 2);
  const auto pixels = image.pixels<float>();
  int peaks = 0;
  for (std::int64_t y = 1; y < 279; ++y)
    for (std::int64_t x = 1; x < 279; ++x) {
      const auto at = [&](std::int64_t i, std::int64_t j) {
        return pixels[static_cast<std::size_t>(j * 280 + i)];
      };
      // Of equal neighbours the last one counts.
      const bool is_peak = at(x, y) > at(x + 1, y) && at(x, y) > at(x, y + 1) &&
                           at(x, y) >= at(x - 1, y) && at(x, y) >= at(x, y - 1);
      peaks += is_peak && at(x, y) > 40;
    }
  EXPECT_EQ(peaks, 100) << "one in each cell of 28 voxels";
  EXPECT_NEAR(range_of(image).minimum, 10, 0.1);
}

/// The spiral's length where it is a line: from (0, 0) on without branches to one end. 0 otherwise.
std::int64_t length_of_line(const Image& spiral, std::int64_t z) {
  const Shape& shape = spiral.shape();
  const auto is_line = [&](std::int64_t x, std::int64_t y) {
    return x >= 0 && y >= 0 && x < shape.x && y < shape.y &&
           spiral.pixels<std::uint8_t>()[static_cast<std::size_t>(offset(shape, x, y, z))] == 255;
  };
  std::int64_t total = 0;
  for (std::int64_t y = 0; y < shape.y; ++y)
    for (std::int64_t x = 0; x < shape.x; ++x) {
      if (!is_line(x, y)) continue;
      ++total;
      if (is_line(x - 1, y) + is_line(x + 1, y) + is_line(x, y - 1) + is_line(x, y + 1) > 2)
        return 0;
    }
  Index at{0, 0, z}, before{-1, -1, z};
  for (std::int64_t length = is_line(0, 0);; ++length) {
    const Index candidates[]{
        {at.x + 1, at.y, z}, {at.x, at.y + 1, z}, {at.x - 1, at.y, z}, {at.x, at.y - 1, z}};
    const auto next = std::ranges::find_if(
        candidates, [&](const Index& i) { return i != before && is_line(i.x, i.y); });
    if (next == std::end(candidates)) return length == total ? length : 0;
    if (length > total) return 0;
    before = std::exchange(at, *next);
  }
}

TEST(Spiral, IsOneLineInEverySlice) {
  for (std::int64_t x = 1; x <= 13; ++x)
    for (std::int64_t y = 1; y <= 13; ++y) {
      const Image image = generate("spiral", {x, y, 3}, DType::u8, 0);
      for (std::int64_t z = 0; z < 3; ++z) {
        EXPECT_GT(length_of_line(image, z), 0) << x << "x" << y;
        EXPECT_EQ(
            std::memcmp(image.data(), image.data() + z * x * y, static_cast<std::size_t>(x * y)),
            0);
      }
      for (const std::uint8_t pixel : image.pixels<std::uint8_t>())
        EXPECT_TRUE(pixel == 0 || pixel == 255);
    }
}

TEST(Spiral, FillsHalfOfTheSlice) {
  for (const auto& [x, y] : {std::pair{64, 64}, {65, 33}, {100, 40}, {1, 50}, {50, 1}}) {
    const auto length =
        static_cast<double>(length_of_line(generate("spiral", {x, y, 1}, DType::u8, 0), 0));
    EXPECT_GE(length, 0.48 * x * y) << x << "x" << y;
  }
}

TEST(Spiral, IsTheOneDrawnHere) {
  const char* drawn =
      "#######"
      "......#"
      "#####.#"
      "#.....#"
      "#######";
  const Image image = generate("spiral", {7, 5, 1}, DType::u8, 0);
  for (std::size_t i = 0; i < 35; ++i)
    EXPECT_EQ(image.pixels<std::uint8_t>()[i], drawn[i] == '#' ? 255 : 0) << i;
}

}  // namespace
}  // namespace voxelmark
