// The metrics with literals: what the definitions give by hand. Random inputs against other
// programs are in validate_metrics_test.py.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engines/core/error.hpp"
#include "tests/drawn_masks.hpp"
#include "validate/aggregate.hpp"
#include "validate/image_error.hpp"
#include "validate/paired_agreement.hpp"
#include "validate/quantile.hpp"
#include "validate/requirement.hpp"

namespace voxelmark {
namespace {

TEST(Paired, BiasAndLimits) {
  const std::vector<double> x{1, 2, 3, 4}, y{2, 2, 5, 5};  // d: 1 0 2 1
  const PairedAgreement a = paired_agreement(x, y);
  EXPECT_EQ(a.n, 4);
  EXPECT_DOUBLE_EQ(*a.bias, 1);
  EXPECT_DOUBLE_EQ(*a.sd, std::sqrt(2.0 / 3));
  EXPECT_DOUBLE_EQ(*a.lower_limit, 1 - 1.96 * std::sqrt(2.0 / 3));
  EXPECT_DOUBLE_EQ(*a.upper_limit, 1 + 1.96 * std::sqrt(2.0 / 3));
  EXPECT_NEAR(*a.bias_ci.upper, 1 + 3.182446305284263 * std::sqrt(2.0 / 3 / 4), 1e-12);
  EXPECT_DOUBLE_EQ(*a.pearson_r, 6 / std::sqrt(5.0 * 9));
  EXPECT_DOUBLE_EQ(*a.concordance, 2 * 1.5 / (1.25 + 2.25 + 1));
  EXPECT_EQ(a.max_abs_error, 2);
  EXPECT_DOUBLE_EQ(a.mean_abs_error, 1);
  EXPECT_DOUBLE_EQ(a.rmse, std::sqrt(6.0 / 4));
  const PairedAgreement reversed = paired_agreement(y, x);
  EXPECT_DOUBLE_EQ(*reversed.bias, -1);  // test - reference, not the other way round
  EXPECT_NE(*reversed.upper_limit, *a.upper_limit);
}

TEST(Paired, LargeOffsets) {
  std::vector<double> x, y;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(1e9 + i % 2);
    y.push_back(1e9 + 0.5 + i % 2 + (i % 4 < 2 ? 0.25 : -0.25));
  }
  const PairedAgreement a = paired_agreement(x, y);
  EXPECT_DOUBLE_EQ(*a.bias, 0.5);
  EXPECT_NEAR(*a.sd, 0.25 * std::sqrt(1000.0 / 999), 1e-15);
  EXPECT_NEAR(*a.sd_reference, 0.5 * std::sqrt(1000.0 / 999), 1e-15);
  EXPECT_NEAR(*a.pearson_r, 0.5 / std::sqrt(0.25 + 0.0625), 1e-12);
}

TEST(Paired, DegenerateInputs) {
  const std::vector<double> constant{5, 5, 5, 5}, rising{1, 2, 3, 4}, one{3};
  const PairedAgreement a = paired_agreement(constant, rising);
  expect_undefined(a.pearson_r, "reference side is constant");
  EXPECT_TRUE(a.bias);
  expect_undefined(paired_agreement(rising, constant).pearson_r, "test side is constant");
  expect_undefined(paired_agreement(constant, constant).concordance, "constant and equal");
  expect_undefined(paired_agreement(constant, constant).slope, "same mean");
  const PairedAgreement single = paired_agreement(one, one);
  expect_undefined(single.sd, "more than one pair");
  expect_undefined(single.lower_limit, "more than one pair");
  expect_undefined(paired_agreement(std::vector<double>{1, 2, 3}, std::vector<double>{1, 3, 2})
                       .pearson_r_ci.lower,
                   "more than 3");
  const std::vector<double> around{-1, 0, 1, 2}, zero_sum{1, 0, 1, 2};
  expect_undefined(paired_agreement(around, zero_sum, {.difference = Difference::percent}).bias,
                   "2 pairs have a mean of 0");
  expect_undefined(paired_agreement(around, zero_sum, {.difference = Difference::ratio}).bias,
                   "1 pair has a reference of 0");
  EXPECT_THROW(paired_agreement({}, {}), std::logic_error);
  EXPECT_THROW(paired_agreement(one, rising), std::logic_error);
  // Values that differ in their last digits only are constant for a correlation.
  std::vector<double> nearly(100, 1e6);
  nearly[3] += 1e-9;
  std::vector<double> counting(100);
  for (int i = 0; i < 100; ++i) counting[static_cast<std::size_t>(i)] = i;
  expect_undefined(paired_agreement(nearly, counting).pearson_r, "nearly");
}

TEST(Paired, PixelsHaveNoIntervals) {
  const Image x = image_of<float>({4, 1, 1}, {1, 2, 3, 4}),
              y = image_of<float>({4, 1, 1}, {2, 2, 5, 5});
  const PairedAgreement a = paired_agreement(x, y, {});
  EXPECT_DOUBLE_EQ(*a.bias, 1);
  for (const auto& interval : {a.bias_ci, a.lower_limit_ci, a.exact_upper_limit_ci, a.pearson_r_ci})
    expect_undefined(interval.lower, "pixel");
  expect_undefined(a.slope_p, "pixel");
}

TEST(Paired, Repeatability) {
  EXPECT_DOUBLE_EQ(*repeatability(std::vector<double>{1, 2}, std::vector<double>{4, 6}),
                   1.96 * std::sqrt((9.0 + 16) / 2));
  expect_undefined(repeatability({}, {}), "no replicates");
}

TEST(ImageError, RangeAndDecibels) {
  const RelativeError e = relative_error(2, {0, 20, 0});
  EXPECT_DOUBLE_EQ(*e.nrmse, 0.1);
  EXPECT_DOUBLE_EQ(*e.psnr, 20);
  expect_undefined(relative_error(0, {0, 20, 0}).psnr, "infinite");
  expect_undefined(relative_error(2, {7, 7, 0}).nrmse, "constant");
}

TEST(ImageError, Similarity) {
  std::vector<std::uint8_t> values(20 * 15);
  std::mt19937 random(3);
  for (auto& value : values) value = static_cast<std::uint8_t>(random());
  const Image x = image_of({20, 15, 1}, values);
  EXPECT_EQ(*structural_similarity(x, x), 1);
  for (auto& value : values) value = static_cast<std::uint8_t>(255 - value);
  EXPECT_LT(*structural_similarity(x, image_of({20, 15, 1}, values)), 0);  // negative is dissimilar
  expect_undefined(
      structural_similarity(image_of({10, 30, 1}, values), image_of({10, 30, 1}, values)),
      "below 11");
}

TEST(ImageError, UlpDistance) {
  const float next = std::nextafter(1.0f, 2.0f);
  const auto distance = [](float a, float b) {
    return *max_ulp_distance(image_of<float>({1, 1, 1}, {a}), image_of<float>({1, 1, 1}, {b}));
  };
  EXPECT_EQ(distance(1, next), 1);
  EXPECT_EQ(distance(0.0f, -0.0f), 0);
  EXPECT_EQ(
      distance(std::numeric_limits<float>::denorm_min(), -std::numeric_limits<float>::denorm_min()),
      2);
  EXPECT_EQ(distance(1, 2), 1 << 23);
  expect_undefined(max_ulp_distance(mask({"1"}), mask({"1"})), "float32");
}

TEST(Quantile, OfInfiniteSamples) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(quantile(std::vector<double>{infinity, 1, infinity, 2}, 0.9), infinity);
  EXPECT_EQ(quantile(std::vector<double>{infinity, 1, 2}, 0.5), 2);
  EXPECT_EQ(quantile(std::vector<double>{infinity, 1, 2}, 0.25), 1.5);
}

TEST(Aggregates, InfiniteValuesRankLast) {
  const std::vector<double> values{1, 2, 3};
  const Aggregate a = aggregate(values, 0, 0, 1);
  EXPECT_DOUBLE_EQ(*a.mean, 2);
  EXPECT_DOUBLE_EQ(*a.sd, 1);
  EXPECT_DOUBLE_EQ(*a.median, 2);
  EXPECT_DOUBLE_EQ(*a.lower_quartile, 1.5);
  const Aggregate b = aggregate(values, 2, 4, 1);
  EXPECT_EQ(b.n, 5);
  EXPECT_EQ(b.n_undefined, 4);
  expect_undefined(b.mean, "infinite");
  EXPECT_DOUBLE_EQ(*b.median, 3);
  expect_undefined(aggregate(values, 4, 0, 1).median, "infinite");
  const Figures quartiles = to_figures({{"hd95", aggregate(values, 2, 0, 1)}});
  const auto& iqr = quartiles.back();
  EXPECT_EQ(iqr.key, "hd95.iqr");
  EXPECT_EQ(iqr.value.dump(), "[2.0,null]");
  EXPECT_FALSE(iqr.reason.empty());
  expect_undefined(aggregate({}, 0, 3, 1).mean, "every image");
}

TEST(Requirements, ParseAndJudge) {
  const Figures figures{{"dice", 0.9, ""},
                        {"nsd", nullptr, "no tau"},
                        {"equal", true, ""},
                        {"unit", "pixel", ""},
                        figure("bias_ci", ValueRange{1.0, 2.0})};
  const auto verdict = [&](const char* text) { return unmet(parse_requirement(text), figures); };
  for (const char* text : {"dice>=0.9", "dice<=0.9", "dice==0.9", "dice>0.89", "dice<1e3",
                           "equal==1", "bias_ci.lower>=1", "bias_ci.upper<=2"})
    EXPECT_EQ(verdict(text), "") << text;
  for (const char* text : {"dice>=0.91", "dice<=0.89", "dice>0.9", "dice<0.9", "dice==1", "nsd>=0",
                           "nsd<=0", "equal==0", "bias_ci.lower>1"})
    EXPECT_NE(verdict(text), "") << text;
  for (const char* text :
       {"", "dice", "dice=0.9", ">=0.9", "dice>=", "dice>=x", "dice>=nan", "dice>>1"})
    EXPECT_THROW(parse_requirement(text), BadInput) << text;
  EXPECT_THROW(verdict("dise>=0.9"), BadInput);
  EXPECT_THROW(verdict("unit>=1"), BadInput);
}

}  // namespace
}  // namespace voxelmark
