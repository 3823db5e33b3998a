#include "bench/statistics.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

namespace voxelmark {
namespace {

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> samples{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(median(samples), 2.5);
  EXPECT_DOUBLE_EQ(quantile(samples, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(samples, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.05), 1.15);
  EXPECT_DOUBLE_EQ(median(std::vector<double>{7}), 7);
  EXPECT_THROW(median(std::vector<double>{}), std::logic_error);
}

std::vector<double> ranks(int n) {
  std::vector<double> samples(static_cast<std::size_t>(n));
  std::iota(samples.begin(), samples.end(), 1.0);
  return samples;
}

// Ranks from tables of the binomial distribution, as in Conover, Practical Nonparametric
// Statistics.
TEST(MedianInterval, TakesTheRanksThatTheBinomialGives) {
  const auto check = [](int n, double lower, double upper) {
    const Interval interval = median_interval(ranks(n));
    EXPECT_EQ(interval.lower, lower) << n;
    EXPECT_EQ(interval.upper, upper) << n;
  };
  check(1, 1, 1);
  check(5, 1, 5);
  check(6, 1, 6);
  check(9, 2, 8);
  check(10, 2, 9);
  check(20, 6, 15);
  check(40, 14, 27);
  check(100, 40, 61);
}

TEST(MedianInterval, HoldsForManySamples) {
  const Interval interval = median_interval(ranks(10000));
  EXPECT_NEAR(interval.lower, 5000 - 98, 2);
  EXPECT_NEAR(interval.upper, 5000 + 99, 2);
}

}  // namespace
}  // namespace voxelmark
