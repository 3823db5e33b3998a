#include "validate/illustration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "tests/image_makers.hpp"
#include "tests/png_reader.hpp"

namespace voxelmark {
namespace {

std::vector<int> greys_of(const std::string& png) {
  const Png image(png, PNG_FORMAT_GRAY);
  return {image.bytes.begin(), image.bytes.end()};
}

Image floats(const std::vector<float>& values) { return row_of(values); }

TEST(CutOut, IsTheMiddle) {
  const CutOut large = middle_of({200, 100, 9});
  EXPECT_EQ(large.slice, 4);
  EXPECT_EQ(large.x, 52);
  EXPECT_EQ(large.y, 2);
  EXPECT_EQ(large.width, 96);
  EXPECT_EQ(large.height, 96);
  const CutOut small = middle_of({3, 2, 1});
  EXPECT_EQ(small.slice + small.x + small.y, 0);
  EXPECT_EQ(small.width * small.height, 6);
}

TEST(Illustration, GreysSpanTheExpectedRange) {
  const Image expected = floats({10, 20, 30}), result = floats({10, 25, 40});
  const Illustration shown = illustrate(floats({0, 1, 2, 4}), expected, result);
  EXPECT_EQ(shown.expected.black, 10);
  EXPECT_EQ(shown.expected.white, 30);
  EXPECT_EQ(greys_of(shown.expected.png), (std::vector<int>{0, 128, 255}));
  EXPECT_EQ(greys_of(shown.result.png), (std::vector<int>{0, 191, 255}));
  EXPECT_EQ(greys_of(shown.input.png), (std::vector<int>{0, 64, 128, 255}));
  EXPECT_EQ(shown.input.white, 4);
  EXPECT_EQ(shown.difference_scale, 10);
  EXPECT_EQ(greys_of(shown.difference), (std::vector<int>{128, 192, 255}));
}

TEST(Illustration, SmallestDifferenceIsSeen) {
  const Illustration shown = illustrate(floats({0}), floats({0, 0, 0}), floats({-1e-9F, 0, 1}));
  EXPECT_EQ(greys_of(shown.difference), (std::vector<int>{112, 128, 255}));
}

TEST(DifferenceMap, ShowsTheSliceWithTheLargestDifference) {
  const Image expected = filled({2, 2, 3}, 5.0F);
  Image result = filled({2, 2, 3}, 5.0F);
  EXPECT_FALSE(difference_map(expected, result));
  const auto set = [&](std::int64_t x, std::int64_t y, std::int64_t z, float value) {
    result.pixels<float>()[static_cast<std::size_t>(offset(result.shape(), x, y, z))] = value;
  };
  for (std::int64_t i = 0; i < 4; ++i) set(i % 2, i / 2, 0, 6);  // many, and small
  set(1, 0, 1, 13);
  set(0, 1, 1, 4.999F);  // below as well as above
  set(1, 1, 1, 7);       // a quarter
  set(1, 1, 2, 13);      // as large, a smaller sum
  const auto map = difference_map(expected, result);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->slice, 1);
  EXPECT_EQ(map->largest, 8);
  EXPECT_EQ(map->width * 10 + map->height, 22);
  EXPECT_EQ(map->block, 1);
  EXPECT_EQ(greys_of(map->png), (std::vector<int>{0, 255, 75, 159}));
  set(0, 0, 2, std::numeric_limits<float>::quiet_NaN());
  const auto undefined = difference_map(expected, result);
  EXPECT_EQ(undefined->slice, 2);
  EXPECT_EQ(undefined->largest, 8);
  EXPECT_EQ(greys_of(undefined->png), (std::vector<int>{255, 0, 0, 255}));
  EXPECT_THROW(difference_map(expected, floats({1})), std::logic_error);
}

TEST(DifferenceMap, ReducesByTheLargest) {
  Image result = filled<std::uint8_t>({400, 5, 1}, 7);
  result.pixels<std::uint8_t>()[4] = 107;  // in the second block
  result.pixels<std::uint8_t>().back() = 0;
  const auto map = difference_map(filled<std::uint8_t>({400, 5, 1}, 7), result);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->block, 3);
  EXPECT_EQ(map->width, 400);
  const auto greys = greys_of(map->png);
  ASSERT_EQ(greys.size(), 134U * 2);
  EXPECT_EQ(std::count_if(greys.begin(), greys.end(), [](int grey) { return grey > 0; }), 2);
  EXPECT_GT(greys[1], 0);
  EXPECT_GT(greys.back(), 0);
}

TEST(Illustration, NothingDiffersNothingIsDrawn) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Illustration shown = illustrate(floats({1}), floats({5, nan}), floats({5, nan}));
  EXPECT_EQ(shown.difference, "");
  EXPECT_EQ(shown.difference_scale, 0);
  EXPECT_EQ(shown.expected.png, shown.result.png);
  EXPECT_EQ(shown.pairs->n, 1U);
}

TEST(Illustration, NotANumberOnOneSideStandsOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Illustration shown = illustrate(floats({1}), floats({5, 6}), floats({5, nan}));
  const auto greys = greys_of(shown.difference);
  EXPECT_EQ(greys[0], 128);
  EXPECT_NE(greys[1], 128);
  EXPECT_TRUE(std::isfinite(shown.difference_scale));
}

TEST(Illustration, LabelsDifferByOneWhateverTheirNumbers) {
  const Shape shape{3, 1, 1};
  const Image expected = image_of<std::uint32_t>(shape, {0, 1, 7}),
              result = image_of<std::uint32_t>(shape, {0, 9, 7});
  const Illustration shown = illustrate(floats({0, 1}), expected, result);
  EXPECT_EQ(shown.difference_scale, 1);
  EXPECT_EQ(greys_of(shown.difference), (std::vector<int>{128, 255, 128}));
  EXPECT_EQ(greys_of(shown.expected.png)[0], 0);
  EXPECT_NE(greys_of(shown.expected.png)[1], greys_of(shown.expected.png)[2]);
  EXPECT_EQ(shown.expected.white, 7);
  EXPECT_FALSE(shown.pairs);
}

TEST(Illustration, WantsOneShape) {
  EXPECT_THROW(illustrate(floats({1}), floats({1, 2}), floats({1})), std::logic_error);
}

TEST(PairDensity, CountsEveryFinitePairOnce) {
  const float infinity = std::numeric_limits<float>::infinity();
  const PairDensity density =
      pair_density(floats({0, 48, 48, infinity, 0}), floats({0, 48, 0, 1, infinity}));
  EXPECT_EQ(density.n, 3U);
  const auto sum = [](const Density& d) {
    return std::accumulate(d.counts.begin(), d.counts.end(), std::uint64_t{0});
  };
  EXPECT_EQ(sum(density.scatter), 3U);
  EXPECT_EQ(sum(density.bland_altman), 3U);
  EXPECT_EQ(density.scatter.x_range, (std::array<double, 2>{0, 48}));
  EXPECT_EQ(density.scatter.counts[0], 1U);            // (0, 0)
  EXPECT_EQ(density.scatter.counts[47], 1U);           // (48, 0)
  EXPECT_EQ(density.scatter.counts[48 * 48 - 1], 1U);  // (48, 48)
  EXPECT_EQ(density.bland_altman.x_range, (std::array<double, 2>{0, 48}));
  EXPECT_EQ(density.bland_altman.y_range, (std::array<double, 2>{-48, 0}));
  EXPECT_EQ(density.bland_altman.counts[24], 1U);           // mean 24, difference -48
  EXPECT_EQ(density.bland_altman.counts[47 * 48], 1U);      // mean 0, difference 0
  EXPECT_EQ(density.bland_altman.counts[48 * 48 - 1], 1U);  // mean 48, difference 0
}

TEST(PairDensity, ManyThreadsCountAsOne) {
  std::vector<float> a(200000), b(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i % 997);
    b[i] = a[i] + static_cast<float>(i % 3);
  }
  const PairDensity density = pair_density(floats(a), floats(b));
  EXPECT_EQ(density.n, a.size());
  EXPECT_EQ(std::accumulate(density.bland_altman.counts.begin(),
                            density.bland_altman.counts.begin() + 48, std::uint64_t{0}),
            66667U);  // differences of 0: the lowest row
}

TEST(PairDensity, OneValueAloneStandsInTheMiddle) {
  const PairDensity density = pair_density(floats({5, 5}), floats({5, 5}));
  EXPECT_EQ(density.scatter.counts[24 * 48 + 24], 2U);
  EXPECT_EQ(pair_density(floats({NAN}), floats({1})).n, 0U);
  EXPECT_THROW(pair_density(floats({1}), floats({1, 2})), std::logic_error);
}

}  // namespace
}  // namespace voxelmark
