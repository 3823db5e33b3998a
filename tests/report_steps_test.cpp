#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reports/steps.hpp"

namespace voxelmark::report {
namespace {

std::vector<TimePoint> series(const std::vector<double>& medians, double half_width = 0.001) {
  std::vector<TimePoint> points;
  for (const double m : medians) points.push_back({m, m * (1 - half_width), m * (1 + half_width)});
  return points;
}

/// ln-normal noise about 10 ms, times what `level` says of each point.
template <class Level>
std::vector<TimePoint> noisy(std::size_t n, double noise, unsigned seed, Level level) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, noise);
  std::vector<double> medians;
  for (std::size_t i = 0; i < n; ++i) medians.push_back(10 * level(i) * std::exp(normal(random)));
  return series(medians);
}

TEST(Steps, AreFound) {
  const auto up = find_steps(series({10, 10.1, 9.9, 10, 12, 12.1, 11.9, 12}));
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].first, 4U);
  EXPECT_NEAR(up[0].ratio, 1.2, 0.01);
  const auto down = find_steps(series({10, 10.1, 9.9, 10, 5, 5.1, 4.9, 5}));
  ASSERT_EQ(down.size(), 1U);
  EXPECT_NEAR(down[0].ratio, 0.5, 0.01);
}

TEST(Steps, UpAndDownAgain) {
  const auto steps = find_steps(
      series({10, 10.1, 9.9, 10, 10.1, 13, 13.1, 12.9, 13, 13.1, 10, 10.1, 9.9, 10, 10.1}));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].first, 5U);
  EXPECT_EQ(steps[1].first, 10U);
  EXPECT_GT(steps[0].ratio, 1.25);
  EXPECT_LT(steps[1].ratio, 0.8);
}

TEST(Steps, NeedThreePointsOnBothSides) {
  EXPECT_TRUE(find_steps({}).empty());
  EXPECT_TRUE(find_steps(series({10})).empty());
  EXPECT_TRUE(find_steps(series({10, 10, 20, 20, 20})).empty());
  EXPECT_TRUE(find_steps(series({10, 10, 10, 10, 10, 10, 20, 20})).empty());
  EXPECT_EQ(find_steps(series({10, 10, 10, 10, 10, 20, 20, 20})).size(), 1U);
}

TEST(Steps, OutliersAreNone) {
  for (std::size_t place = 0; place < 12; ++place) {
    std::vector<double> medians(12, 10);
    for (std::size_t i = 0; i < medians.size(); ++i) medians[i] += 0.1 * static_cast<double>(i % 3);
    medians[place] = 40;
    EXPECT_TRUE(find_steps(series(medians)).empty()) << place;
  }
}

TEST(Steps, DriftIsNone) {
  unsigned found = 0;
  for (unsigned seed = 0; seed < 200; ++seed)
    for (const double slope : {0.005, 0.02, 0.1})
      found += !find_steps(noisy(24, 0.01, seed, [&](std::size_t i) {
                  return std::exp(slope * static_cast<double>(i));
                })).empty();
  EXPECT_LE(found, 6U) << "of 600";
}

TEST(Steps, NoiseIsNone) {
  unsigned found = 0;
  for (unsigned seed = 0; seed < 200; ++seed)
    for (const double noise : {0.01, 0.05, 0.2})
      for (const std::size_t n : {6U, 12U, 40U})
        found += !find_steps(noisy(n, noise, seed, [](std::size_t) { return 1; })).empty();
  EXPECT_LE(found, 27U) << "of 1800";
}

TEST(Steps, AreFoundInNoise) {
  unsigned found = 0;
  for (unsigned seed = 0; seed < 200; ++seed)
    for (const auto& step :
         find_steps(noisy(20, 0.02, seed, [](std::size_t i) { return i < 10 ? 1 : 1.2; })))
      found += step.first >= 9 && step.first <= 11 && step.ratio > 1.1;
  EXPECT_GE(found, 190U) << "of 200";
}

TEST(Steps, WideIntervalsCount) {
  const std::vector<double> medians{10, 10, 10, 10, 12, 12, 12, 12};
  EXPECT_EQ(find_steps(series(medians, 0.01)).size(), 1U);
  EXPECT_TRUE(find_steps(series(medians, 0.5)).empty());
}

TEST(Steps, SmallOnesAreNone) {
  EXPECT_TRUE(find_steps(series({10, 10, 10, 10, 10.4, 10.4, 10.4, 10.4})).empty());
  EXPECT_EQ(find_steps(series({10, 10, 10, 10, 10.6, 10.6, 10.6, 10.6})).size(), 1U);
}

}  // namespace
}  // namespace voxelmark::report
