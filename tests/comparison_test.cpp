#include "reports/comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reports/comparison_output.hpp"

namespace voxelmark::report {
namespace {

using Values = std::vector<double>;

TEST(Statistics, LowerQuartileIsAnOrderStatistic) {
  EXPECT_EQ(lower_quartile(Values{8, 7, 6, 5, 4, 3, 2, 1}), 2);
  EXPECT_EQ(lower_quartile(Values{4, 3, 2, 1}), 1);
  EXPECT_EQ(lower_quartile(Values{5, 4, 3, 2, 1}), 2);
  EXPECT_EQ(lower_quartile(Values{7}), 7);
  EXPECT_EQ(median(Values{3, 1, 2}), 2);
  EXPECT_EQ(median(Values{4, 1, 2, 3}), 2.5);
}

TEST(Statistics, NoiseFloorIsTheSpreadOfTheQuickest) {
  EXPECT_DOUBLE_EQ(noise_floor(Values{2, 2.5, 3, 9, 9, 9, 9, 9}), 0.5);
  EXPECT_DOUBLE_EQ(noise_floor(Values{2, 3, 9, 9}), 0.5);
  EXPECT_EQ(noise_floor(Values{2}), 0);
  EXPECT_EQ(noise_floor(Values{3, 3, 3}), 0);
}

TEST(Statistics, BootstrapOfOneValueIsItself) {
  const RatioInterval interval = bootstrap_ratio(Values{2}, Values{3});
  EXPECT_NEAR(interval.lower, 1.5, 1e-8);
  EXPECT_NEAR(interval.upper, 1.5, 1e-8);
}

TEST(Statistics, BootstrapCountsResamples) {
  // Of four values, the least of a resample is the first with chance 1 - (3/4)^4 = 0.684, the
  // second or less with 1 - (1/2)^4 = 0.9375, the third or less with 1 - (1/4)^4 = 0.996.
  const RatioInterval up = bootstrap_ratio(Values{1, 1, 1, 1}, Values{1, 2, 3, 4});
  EXPECT_NEAR(up.lower, 1, 1e-8);
  EXPECT_NEAR(up.upper, 3, 1e-8);
  const RatioInterval down = bootstrap_ratio(Values{1, 2, 3, 4}, Values{1, 1, 1, 1});
  EXPECT_NEAR(down.lower, 1.0 / 3, 1e-8);
  EXPECT_NEAR(down.upper, 1, 1e-8);
}

TEST(Statistics, BootstrapOfThousands) {
  Values base, now;
  for (int i = 0; i < 3000; ++i) {
    base.push_back(1 + 1e-6 * i);
    now.push_back(2 + 1e-6 * i);
  }
  const RatioInterval interval = bootstrap_ratio(base, now);
  EXPECT_NEAR(interval.lower, 2, 1e-3);
  EXPECT_NEAR(interval.upper, 2, 1e-3);
}

/// Processes of one build: each has a speed of its own (3 %), and a shortest sample beside it
/// (0.3 %); every fourth is disturbed by up to a half.
class Processes {
 public:
  double speed() {
    return std::exp(0.03 * normal_(random_)) *
           (uniform_(random_) < 0.25 ? 1 + uniform_(random_) / 2 : 1);
  }
  Values shortest_samples(int processes) {
    Values values;
    for (int i = 0; i < processes; ++i) values.push_back(speed() * sample());
    return values;
  }
  Values samples_of_one(int samples) {
    const double own = speed();
    Values values;
    for (int i = 0; i < samples; ++i) values.push_back(own * sample());
    return values;
  }

 private:
  double sample() { return std::exp(0.003 * normal_(random_)); }
  std::mt19937 random_{20};
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
};

template <class Side>
double coverage(int pairs, const Side& side) {
  int holds = 0;
  for (int i = 0; i < pairs; ++i) {
    const Values base = side(), now = side();
    const RatioInterval interval = ratio_confidence_95(base, now);
    holds += interval.lower <= 1 && 1 <= interval.upper;
  }
  return 100.0 * holds / pairs;
}

TEST(Statistics, OfTwoRunsOfOneBuildThe95PercentIntervalHolds1) {
  Processes build;
  for (const int processes : {4, 8, 16})
    EXPECT_GE(coverage(1000, [&] { return build.shortest_samples(processes); }), 94) << processes;
}

TEST(Statistics, SamplesOfOneProcessDoNotSayWhatTheNextOneMeasures) {
  Processes build;
  EXPECT_LE(coverage(1000, [&] { return build.samples_of_one(50); }), 30);
}

TEST(Statistics, TheExpandedIntervalIsWiderThanThePlainOne) {
  const Values base{1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07},
      now{2, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7};
  const RatioInterval plain = bootstrap_ratio(base, now), wide = ratio_confidence_95(base, now);
  EXPECT_LT(wide.lower, plain.lower);
  EXPECT_GT(wide.upper, plain.upper);
  const RatioInterval single = ratio_confidence_95(Values{2}, Values{3});
  EXPECT_NEAR(single.lower, 1.5, 1e-8);
  EXPECT_NEAR(single.upper, 1.5, 1e-8);
}

TEST(Statistics, MannWhitney) {
  EXPECT_NEAR(mann_whitney_p(Values{1, 2, 3}, Values{4, 5, 6}), 0.1, 1e-12);
  EXPECT_NEAR(mann_whitney_p(Values{4, 5, 6}, Values{1, 2, 3}), 0.1, 1e-12);
  EXPECT_EQ(mann_whitney_p(Values{1, 4}, Values{2, 3}), 1);
  EXPECT_EQ(mann_whitney_p(Values{5, 5, 5}, Values{5, 5}), 1);
  // SciPy 1.10: mannwhitneyu([1, 1, 2, 3], [2, 3, 3, 4, 5], method="asymptotic").
  EXPECT_NEAR(mann_whitney_p(Values{1, 1, 2, 3}, Values{2, 3, 3, 4, 5}), 0.078545850951, 1e-9);
}

TEST(Statistics, BenjaminiHochberg) {
  const auto q = benjamini_hochberg(Values{0.04, 0.01, 0.02, 0.9});
  EXPECT_NEAR(q[0], 0.16 / 3, 1e-12);
  EXPECT_NEAR(q[1], 0.04, 1e-12);
  EXPECT_NEAR(q[2], 0.04, 1e-12);
  EXPECT_NEAR(q[3], 0.9, 1e-12);
  EXPECT_TRUE(benjamini_hochberg(Values{}).empty());
}

TimeComparison times(double ratio, double lower, double upper, double noise) {
  TimeComparison t;
  t.ratio = ratio;
  t.interval = {lower, upper};
  t.noise_floor = noise;
  return t;
}

TEST(Verdict, NeedsRatioAndInterval) {
  EXPECT_EQ(verdict_of(times(1.10, 1.08, 1.12, 0.01), 1.05), Verdict::slower);
  EXPECT_EQ(verdict_of(times(1.10, 1.08, 1.12, 0.09), 1.05), Verdict::noisy);
  EXPECT_EQ(verdict_of(times(1.04, 1.03, 1.05, 0.01), 1.05), Verdict::same);
  EXPECT_EQ(verdict_of(times(1.04, 1.03, 1.05, 0.01), 1.03), Verdict::slower);
  EXPECT_EQ(verdict_of(times(1.10, 1.005, 1.2, 0.01), 1.05), Verdict::noisy);
  EXPECT_EQ(verdict_of(times(1 / 1.10, 1 / 1.12, 1 / 1.08, 0.01), 1.05), Verdict::faster);
  EXPECT_EQ(verdict_of(times(1 / 1.10, 1 / 1.12, 1 / 1.08, 0.09), 1.05), Verdict::noisy);
  EXPECT_EQ(verdict_of(times(1.0, 0.99, 1.01, 0.01), 1.05), Verdict::same);
  EXPECT_EQ(verdict_of(times(1.0, 0.90, 1.10, 0.01), 1.05), Verdict::noisy);
}

TEST(Output, OneLine) { EXPECT_EQ(one_line("a\nb\x1b[0m\tc\x7f"), "a b [0m c "); }

}  // namespace
}  // namespace voxelmark::report
