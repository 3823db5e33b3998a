// The metrics with literals: what the definitions give by hand. Random inputs against other
// programs are in validate_test.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engines/core/distance_map.hpp"
#include "engines/core/error.hpp"
#include "validate/aggregate.hpp"
#include "validate/assignment.hpp"
#include "validate/boundary.hpp"
#include "validate/image_error.hpp"
#include "validate/label_overlap.hpp"
#include "validate/overlap.hpp"
#include "validate/paired_agreement.hpp"
#include "validate/quantile.hpp"
#include "validate/requirement.hpp"
#include "validate/skeleton.hpp"

namespace voxelmark {
namespace {

template <class T>
Image image_of(const Shape& shape, const std::vector<T>& values) {
  Image image(shape, dtype_of<T>());
  EXPECT_EQ(values.size(), image.pixels<T>().size());
  std::copy(values.begin(), values.end(), image.pixels<T>().begin());
  return image;
}

/// Rows of digits as a mask or labels of type T.
template <class T>
Image drawn(const std::vector<std::string>& rows) {
  std::vector<T> values;
  for (const auto& row : rows)
    for (const char c : row) values.push_back(c == '.' ? T{} : static_cast<T>(c - '0'));
  return image_of(
      {static_cast<std::int64_t>(rows[0].size()), static_cast<std::int64_t>(rows.size())}, values);
}

Image mask(const std::vector<std::string>& rows) { return drawn<std::uint8_t>(rows); }
Image labels(const std::vector<std::string>& rows) { return drawn<std::uint32_t>(rows); }

void expect_undefined(const Value& value, const std::string& reason) {
  EXPECT_FALSE(value);
  EXPECT_NE(value.reason().find(reason), std::string::npos) << value.reason();
}

TEST(Overlap, CountsAndIndices) {
  const Confusion c = confusion(mask({"1111.....", "........."}), mask({"..111111.", "........."}));
  EXPECT_EQ(c, (Confusion{2, 4, 2, 10}));
  EXPECT_DOUBLE_EQ(*dice(c), 4.0 / 10);
  EXPECT_DOUBLE_EQ(*jaccard(c), 2.0 / 8);
  EXPECT_DOUBLE_EQ(*jaccard(c), *dice(c) / (2 - *dice(c)));
  EXPECT_DOUBLE_EQ(*accuracy(c), 12.0 / 18);
  EXPECT_DOUBLE_EQ(*sensitivity(c), 0.5);
  EXPECT_DOUBLE_EQ(*specificity(c), 10.0 / 14);
  EXPECT_DOUBLE_EQ(*precision(c), 2.0 / 6);
  EXPECT_DOUBLE_EQ(*balanced_accuracy(c), (0.5 + 10.0 / 14) / 2);
  EXPECT_DOUBLE_EQ(*youden(c), 0.5 + 10.0 / 14 - 1);
  EXPECT_DOUBLE_EQ(*matthews(c), (2.0 * 10 - 4 * 2) / std::sqrt(6.0 * 4 * 14 * 12));
  EXPECT_EQ(hamming(c), 6);
  EXPECT_DOUBLE_EQ(*classification_error(c), 6.0 / 4);
  EXPECT_DOUBLE_EQ(volume_error(c, 0.5), 1);
  EXPECT_DOUBLE_EQ(*relative_volume_error(c), 0.5);
  EXPECT_DOUBLE_EQ(*volume_sd(c), 2.0 * 2 / 10);
}

TEST(Overlap, EverySideMatters) {
  // A count of one side moved to another must be seen by every index that uses it.
  const Confusion c{30, 10, 20, 400};
  using Metric = Value (*)(const Confusion&);
  for (const Metric metric : {dice, jaccard, accuracy, balanced_accuracy, youden, matthews}) {
    EXPECT_NE(*metric(c), *metric({31, 10, 19, 401}));
    EXPECT_NE(*metric(c), *metric({30, 11, 20, 399}));
  }
  EXPECT_NE(*sensitivity(c), *sensitivity({31, 10, 19, 400}));
  EXPECT_NE(*specificity(c), *specificity({30, 11, 20, 399}));
  EXPECT_NE(*precision(c), *precision({30, 11, 20, 400}));
  EXPECT_NE(*classification_error(c), *classification_error({30, 11, 20, 400}));
  EXPECT_NE(*volume_sd(c), *volume_sd({30, 20, 20, 400}));
  EXPECT_NE(volume_error(c, 1), volume_error({30, 20, 10, 400}, 1));
  EXPECT_NE(*relative_volume_error(c), *relative_volume_error({30, 20, 10, 400}));
}

TEST(Overlap, EmptySides) {
  const Confusion both_empty{0, 0, 0, 9}, reference_empty{0, 4, 0, 5}, test_empty{0, 0, 4, 5},
      full{9, 0, 0, 0};
  expect_undefined(dice(both_empty), "both sides are empty");
  expect_undefined(jaccard(both_empty), "both sides are empty");
  expect_undefined(volume_sd(both_empty), "both sides are empty");
  EXPECT_EQ(*dice(reference_empty), 0);
  EXPECT_EQ(*jaccard(test_empty), 0);
  expect_undefined(sensitivity(reference_empty), "reference is empty");
  expect_undefined(classification_error(reference_empty), "reference is empty");
  expect_undefined(precision(test_empty), "test side is empty");
  expect_undefined(specificity(full), "no background");
  expect_undefined(youden(full), "no background");
  expect_undefined(matthews(full), "no background");
  EXPECT_EQ(*dice(full), 1);
}

TEST(Overlap, HugeCountsDoNotOverflow) {
  const std::int64_t n = std::int64_t{1} << 40;
  EXPECT_NEAR(*matthews({n, n / 4, n / 4, n}), (1 - 1.0 / 16) / (1.25 * 1.25), 1e-12);
  EXPECT_DOUBLE_EQ(*dice({n, n, n, n}), 0.5);
}

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

TEST(Labels, OverlapMatrix) {
  const LabelOverlap overlap =
      label_overlap(labels({"11..22", "11..22"}), labels({"33..44", "3...44"}));
  EXPECT_EQ(overlap.reference, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(overlap.test, (std::vector<std::uint32_t>{0, 3, 4}));
  EXPECT_EQ(overlap.shared.coeff(1, 1), 3);
  EXPECT_EQ(overlap.shared.coeff(1, 0), 1);
  EXPECT_EQ(confusion(overlap), (Confusion{7, 0, 1, 4}));
  EXPECT_DOUBLE_EQ(*sparse_jaccard(overlap), (0.75 + 1) / 2);
  EXPECT_FALSE(partition_equal(overlap));
  EXPECT_THROW(label_overlap(labels({"1"}), labels({"11"})), std::logic_error);
}

TEST(Labels, NumbersDoNotMatter) {
  const Image a = labels({"113.22"}), b = labels({"774.99"}), c = labels({"774.79"});
  EXPECT_TRUE(partition_equal(label_overlap(a, b)));
  EXPECT_EQ(*sparse_jaccard(label_overlap(a, b)), 1);
  EXPECT_EQ(*adjusted_rand(label_overlap(a, b)), 1);
  EXPECT_EQ(*variation_of_information(label_overlap(a, b)).sum, 0);
  EXPECT_FALSE(partition_equal(label_overlap(a, c)));
  EXPECT_LT(*sparse_jaccard(label_overlap(a, c)), 1);
  EXPECT_LT(*adjusted_rand(label_overlap(a, c)), 1);
  EXPECT_GT(*variation_of_information(label_overlap(a, c)).sum, 0);
  // Without any background, and with a label that one side lacks.
  EXPECT_TRUE(partition_equal(label_overlap(labels({"12"}), labels({"21"}))));
  EXPECT_FALSE(partition_equal(label_overlap(labels({"12"}), labels({"2."}))));
  EXPECT_FALSE(partition_equal(label_overlap(labels({"11"}), labels({".."}))));
  EXPECT_TRUE(partition_equal(label_overlap(labels({".."}), labels({".."}))));
  const std::uint32_t largest = 0xffffffff;
  EXPECT_TRUE(partition_equal(label_overlap(image_of<std::uint32_t>({3, 1, 1}, {largest, 0, 1}),
                                            image_of<std::uint32_t>({3, 1, 1}, {1, 0, largest}))));
}

TEST(Labels, SparseJaccardIsOneSided) {
  const LabelOverlap overlap = label_overlap(labels({"11...."}), labels({"11.222"}));
  EXPECT_EQ(*sparse_jaccard(overlap), 1);
  EXPECT_EQ(*sparse_jaccard(reversed(overlap)), 0.5);
  expect_undefined(sparse_jaccard(label_overlap(labels({"..."}), labels({"1.."}))), "no label");
  EXPECT_EQ(*sparse_jaccard(label_overlap(labels({"1.."}), labels({"..."}))), 0);
  EXPECT_EQ(*sparse_jaccard(label_overlap(labels({"1.."}), labels({"..1"}))), 0);
}

TEST(Labels, Seg) {
  // Label 1 is covered by half only, which is not more than half.
  EXPECT_EQ(*seg(label_overlap(labels({"11.22"}), labels({"1..22"}))), 0.5);
  EXPECT_DOUBLE_EQ(*seg(label_overlap(labels({"111"}), labels({"11."}))), 2.0 / 3);
}

TEST(Labels, Objects) {
  const LabelOverlap overlap = label_overlap(labels({"1111.22.333"}), labels({"111..44...5"}));
  const ObjectAgreement o = match_objects(overlap, 0.5);
  EXPECT_EQ(o.tp, 2);
  EXPECT_EQ(o.fn, 1);
  EXPECT_EQ(o.fp, 1);
  EXPECT_EQ(o.unmatched_reference, std::vector<std::uint32_t>{3});
  EXPECT_EQ(o.unmatched_test, std::vector<std::uint32_t>{5});
  EXPECT_DOUBLE_EQ(*o.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*o.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*o.f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*o.ap, 0.5);
  EXPECT_DOUBLE_EQ(*o.sq, (0.75 + 1) / 2);
  EXPECT_DOUBLE_EQ(*o.pq, (0.75 + 1) / 3);
  EXPECT_EQ(match_objects(overlap, 0.75).tp, 1);  // above the threshold, not at it
  EXPECT_EQ(match_objects(overlap, 0.3).tp, 3);
  const ObjectAgreement none = match_objects(label_overlap(labels({".."}), labels({".."})), 0.5);
  expect_undefined(none.f1, "neither");
  expect_undefined(none.pq, "neither");
  const ObjectAgreement missed = match_objects(label_overlap(labels({"1."}), labels({".."})), 0.5);
  EXPECT_EQ(*missed.f1, 0);
  EXPECT_EQ(*missed.pq, 0);
  expect_undefined(missed.sq, "no object was matched");
}

TEST(Labels, BelowOneHalfTheBestSumWins) {
  // Greedy by IoU would take 1-1 (0.5) and leave 2 with nothing; 1-2 and 2-1 sum up to more.
  const auto matched = best_assignment({{1, 1, 0.5}, {1, 2, 0.4}, {2, 1, 0.4}});
  ASSERT_EQ(matched.size(), 2u);
  EXPECT_EQ(matched[0].column, 2u);
  EXPECT_EQ(matched[1].column, 1u);
  EXPECT_EQ(best_assignment({{1, 1, 0.9}, {1, 2, 0.4}, {2, 1, 0.4}}).size(), 1u);
  EXPECT_TRUE(best_assignment({}).empty());
}

TEST(Labels, AssignmentIsTheBestOfAll) {
  std::mt19937 random(1);
  for (int repeat = 0; repeat < 300; ++repeat) {
    const std::size_t rows = 1 + random() % 5, columns = 1 + random() % 5;
    std::vector<Edge> edges;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        if (random() % 3) edges.push_back({r, c, 0.01 * static_cast<double>(1 + random() % 100)});
    // Every choice of edges that uses no row and no column twice.
    double best = 0;
    for (std::size_t chosen = 0; chosen < std::size_t{1} << std::min<std::size_t>(edges.size(), 14);
         ++chosen) {
      std::size_t used_rows = 0, used_columns = 0;
      double sum = 0;
      for (std::size_t e = 0; e < edges.size() && sum >= 0; ++e) {
        if (!(chosen >> e & 1)) continue;
        const std::size_t r = std::size_t{1} << edges[e].row, c = std::size_t{1} << edges[e].column;
        sum = (used_rows & r) || (used_columns & c) ? -1 : sum + edges[e].weight;
        used_rows |= r;
        used_columns |= c;
      }
      best = std::max(best, sum);
    }
    if (edges.size() > 14) continue;
    double sum = 0;
    for (const Edge& edge : best_assignment(edges)) sum += edge.weight;
    EXPECT_NEAR(sum, best, 1e-12);
  }
}

TEST(Labels, SplitsAndMerges) {
  const auto found = [](const Image& a, const Image& b) {
    return splits_and_merges(label_overlap(a, b));
  };
  EXPECT_EQ(found(labels({"111111.2"}), labels({"11.333.4"})).splits,
            std::vector<std::uint32_t>{1});
  EXPECT_EQ(found(labels({"11.333.4"}), labels({"555555.4"})).merges,
            std::vector<std::uint32_t>{5});
  // A test label that lies half inside is no part of a split.
  EXPECT_TRUE(found(labels({"1111...."}), labels({"1.333..."})).splits.size() == 1);
  EXPECT_TRUE(found(labels({"1111...."}), labels({"11.33..."})).splits.empty());
}

TEST(Labels, VariationOfInformation) {
  const auto vi = variation_of_information(label_overlap(labels({"1111"}), labels({"1122"})));
  EXPECT_DOUBLE_EQ(*vi.split, 1);  // one bit says which half a voxel lies in
  EXPECT_DOUBLE_EQ(*vi.merge, 0);
  EXPECT_DOUBLE_EQ(*vi.sum, 1);
}

std::vector<double> distances(const DistanceMap& map) {
  return map.visit_squares([&](const auto squares) {
    std::vector<double> result;
    for (const auto square : squares)
      result.push_back(map.scale() * std::sqrt(static_cast<double>(square)));
    return result;
  });
}

TEST(Distances, AreThoseOfBruteForce) {
  std::mt19937 random(2);
  const std::vector<Shape> shapes{{1, 1, 1},  {9, 1, 1},   {1, 9, 1},   {1, 1, 9},   {13, 7, 5},
                                  {40, 3, 2}, {3, 150, 1}, {2, 3, 130}, {33, 34, 1}, {50, 90, 1}};
  for (const Shape& shape : shapes)
    for (const Spacing& spacing :
         {Spacing{1, 1, 1}, Spacing{0.25, 0.25, 0.25}, Spacing{0.2, 0.3, 1.7}})
      for (const unsigned rarity : {1u, 4u, 40u, 1000u}) {
        std::vector<std::uint8_t> flags(static_cast<std::size_t>(shape.voxels()));
        for (auto& flag : flags) flag = static_cast<std::uint8_t>(random() % rarity == 0 ? 6 : 1);
        const auto found = distances(DistanceMap(flags, 2, shape, spacing));
        std::size_t i = 0;
        for (std::int64_t z = 0; z < shape.z; ++z)
          for (std::int64_t y = 0; y < shape.y; ++y)
            for (std::int64_t x = 0; x < shape.x; ++x, ++i) {
              double nearest = std::numeric_limits<double>::infinity();
              std::size_t j = 0;
              for (std::int64_t c = 0; c < shape.z; ++c)
                for (std::int64_t b = 0; b < shape.y; ++b)
                  for (std::int64_t a = 0; a < shape.x; ++a, ++j)
                    if (flags[j] & 2)
                      nearest =
                          std::min(nearest, std::hypot(spacing.x * static_cast<double>(x - a),
                                                       spacing.y * static_cast<double>(y - b),
                                                       spacing.z * static_cast<double>(z - c)));
              if (std::isinf(nearest))
                ASSERT_EQ(found[i], nearest);
              else
                ASSERT_NEAR(found[i], nearest, 1e-13 * (1 + nearest))
                    << x << " " << y << " " << z << " of " << to_string(shape, 3);
            }
      }
}

TEST(Distances, FarSeeds) {
  // Beyond the width that is searched step by step, in both kinds of numbers.
  for (const Spacing& spacing : {Spacing{1, 1, 1}, Spacing{1, 1.5, 1}}) {
    const Shape shape{70, 600, 1};
    std::vector<std::uint8_t> flags(static_cast<std::size_t>(shape.voxels()));
    flags[0] = flags[static_cast<std::size_t>(offset(shape, 69, 599, 0))] = 1;
    const auto found = distances(DistanceMap(flags, 1, shape, spacing));
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x) {
        const auto from = [&](std::int64_t a, std::int64_t b) {
          return std::hypot(static_cast<double>(x - a), spacing.y * static_cast<double>(y - b));
        };
        ASSERT_NEAR(found[static_cast<std::size_t>(offset(shape, x, y, 0))],
                    std::min(from(0, 0), from(69, 599)), 1e-10);
      }
  }
}

TEST(Boundary, SquaresThatAreShifted) {
  const Image a = mask({"......", ".11...", ".11...", "......"}),
              b = mask({"......", "...11.", "...11.", "......"});
  const BoundaryAgreement f =
      boundary_agreement(a, b, {.spacing = {1, 1, 1}, .tau = 1.0, .band = 0.0});
  EXPECT_EQ(f.reference_contour, 4);
  EXPECT_DOUBLE_EQ(*f.hausdorff, 2);
  EXPECT_DOUBLE_EQ(*f.contour_a_to_b, 1.5);
  EXPECT_DOUBLE_EQ(*f.contour_bilateral, 1.5);
  EXPECT_DOUBLE_EQ(*f.assd, 1.5);
  EXPECT_DOUBLE_EQ(*f.nsd, 0.5);
  EXPECT_EQ(*f.boundary_iou, 0);
  // 5 µm a step along x.
  EXPECT_DOUBLE_EQ(*boundary_agreement(a, b, {.spacing = {5, 1, 1}}).hausdorff, 10);
  EXPECT_DOUBLE_EQ(*boundary_agreement(a, b, {.spacing = {1, 5, 1}}).hausdorff, 2);
}

TEST(Boundary, DirectionsDiffer) {
  const Image small = mask({"11........"}), large = mask({"11......11"});
  const BoundaryAgreement f = boundary_agreement(small, large, {});
  EXPECT_EQ(*f.hausdorff_reference_to_test, 0);
  EXPECT_EQ(*f.hausdorff_test_to_reference, 8);
  EXPECT_EQ(*f.hausdorff, 8);
  EXPECT_EQ(*f.contour_a_to_b, 0);
  EXPECT_EQ(*f.contour_b_to_a, 3.75);
  EXPECT_EQ(*f.contour_bilateral, 1.875);
  EXPECT_EQ(*f.assd, 15.0 / 6);  // pooled, which is not the mean of both directions
  EXPECT_DOUBLE_EQ(*f.hd95, 7 + 0.85);
}

TEST(Boundary, SetsAndContoursDiffer) {
  // A hole: from its voxels the other set is far, from the contour it is not.
  const Image full = mask({"1111111", "1111111", "1111111", "1111111", "1111111"}),
              frame = mask({"1111111", "1.....1", "1.....1", "1.....1", "1111111"});
  const BoundaryAgreement f = boundary_agreement(frame, full, {});
  EXPECT_EQ(*f.hausdorff, 2);
  EXPECT_EQ(*f.hausdorff_simplified, 0);
  // Where the border is inside, the frame's contour is its inner side, and the full image has none.
  expect_undefined(boundary_agreement(frame, full, {.border_is_outside = false}).assd,
                   "without a contour");
}

TEST(Boundary, EmptySides) {
  const Image empty = mask({"....", "...."}), some = mask({".1..", "...."});
  for (const auto& f : {boundary_agreement(empty, some, {.tau = 1.0}),
                        boundary_agreement(some, empty, {.tau = 1.0})}) {
    for (const Value& value :
         {f.hausdorff, f.hausdorff_simplified, f.hd95, f.contour_a_to_b, f.assd})
      expect_undefined(value, BoundaryAgreement::one_side_empty);
    EXPECT_EQ(*f.nsd, 0);
    EXPECT_EQ(*f.boundary_iou, 0);
  }
  const BoundaryAgreement none = boundary_agreement(empty, empty, {.tau = 1.0});
  for (const Value& value : {none.hausdorff, none.assd, none.nsd, none.boundary_iou})
    expect_undefined(value, "both sides are empty");
  expect_undefined(boundary_agreement(some, some, {}).nsd, "--tau");
  EXPECT_THROW(boundary_agreement(some, mask({"1"}), {}), std::logic_error);
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

TEST(Skeleton, KeepsPartsHolesAndEnds) {
  const Image thick =
      mask({"............", ".1111111111.", ".1111111111.", ".1111111111.", "............"});
  const Image line = skeleton(thick);
  std::int64_t count = 0;
  for (const auto value : line.pixels<std::uint8_t>()) count += value;
  EXPECT_GE(count, 6);
  EXPECT_LE(count, 12);
  const Image ring = mask({"11111", "1...1", "1...1", "11111"});
  const Image thin = skeleton(ring);
  EXPECT_EQ(thin.pixels<std::uint8_t>()[6], 0);
  EXPECT_GE(std::count(thin.pixels<std::uint8_t>().begin(), thin.pixels<std::uint8_t>().end(), 1),
            10);
  EXPECT_EQ(*centre_line_dice(thick, thick), 1);
  EXPECT_EQ(*centre_line_dice(thick, mask(std::vector<std::string>(5, std::string(12, '.')))), 0);
  expect_undefined(centre_line_dice(mask({".."}), mask({".."})), "both");
}

TEST(Skeleton, OfABallIsAPointAndOfAShellAShell) {
  const Shape shape{15, 15, 15};
  std::vector<std::uint8_t> ball, shell;
  for (std::int64_t z = 0; z < 15; ++z)
    for (std::int64_t y = 0; y < 15; ++y)
      for (std::int64_t x = 0; x < 15; ++x) {
        const auto r = (x - 7) * (x - 7) + (y - 7) * (y - 7) + (z - 7) * (z - 7);
        ball.push_back(r <= 36);
        shell.push_back(r <= 36 && r >= 16);
      }
  const auto size = [&](const std::vector<std::uint8_t>& voxels) {
    const Image line = skeleton(image_of(shape, voxels));
    return std::count(line.pixels<std::uint8_t>().begin(), line.pixels<std::uint8_t>().end(), 1);
  };
  EXPECT_GE(size(ball), 1);
  EXPECT_LE(size(ball), 8);
  EXPECT_GE(size(shell), 60);  // the hollow inside stays closed
}

/// Connected components of the voxels that are `inside`, in a frame of background: of an object in
/// any way, of background by faces.
int components(const Image& mask, bool inside) {
  const Shape& shape = mask.shape();
  const auto pixels = mask.pixels<std::uint8_t>();
  const std::int64_t deep = shape.z == 1 ? 0 : 1;
  const Shape framed{shape.x + 2, shape.y + 2, shape.z + 2 * deep};
  std::vector<char> left(static_cast<std::size_t>(framed.voxels()), !inside);
  for (std::int64_t z = 0; z < shape.z; ++z)
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x)
        left[static_cast<std::size_t>(offset(framed, x + 1, y + 1, z + deep))] =
            (pixels[static_cast<std::size_t>(offset(shape, x, y, z))] != 0) == inside;
  int count = 0;
  for (std::int64_t start = 0; start < framed.voxels(); ++start) {
    if (!left[static_cast<std::size_t>(start)]) continue;
    ++count;
    std::vector<std::int64_t> stack{start};
    left[static_cast<std::size_t>(start)] = 0;
    while (!stack.empty()) {
      const std::int64_t at = stack.back();
      stack.pop_back();
      const std::int64_t x = at % framed.x, y = at / framed.x % framed.y,
                         z = at / (framed.x * framed.y);
      for (std::int64_t c = std::max<std::int64_t>(z - 1, 0); c <= std::min(z + 1, framed.z - 1);
           ++c)
        for (std::int64_t b = std::max<std::int64_t>(y - 1, 0); b <= std::min(y + 1, framed.y - 1);
             ++b)
          for (std::int64_t a = std::max<std::int64_t>(x - 1, 0);
               a <= std::min(x + 1, framed.x - 1); ++a) {
            if (!inside && (a != x) + (b != y) + (c != z) > 1) continue;
            const auto next = static_cast<std::size_t>(offset(framed, a, b, c));
            if (!left[next]) continue;
            left[next] = 0;
            stack.push_back(static_cast<std::int64_t>(next));
          }
    }
  }
  return count;
}

TEST(Skeleton, BreaksAndJoinsNothing) {
  std::mt19937 random(4);
  for (int repeat = 0; repeat < 60; ++repeat) {
    const Shape shape = repeat % 2 ? Shape{14, 12, 8} : Shape{24, 20, 1};
    std::vector<std::uint8_t> voxels(static_cast<std::size_t>(shape.voxels()));
    for (auto& voxel : voxels) voxel = random() % 10 < (repeat % 2 ? 3 : 6);
    const Image image = image_of(shape, voxels), line = skeleton(image);
    EXPECT_EQ(components(line, true), components(image, true)) << "parts of mask " << repeat;
    EXPECT_EQ(components(line, false), components(image, false)) << "holes of mask " << repeat;
  }
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
