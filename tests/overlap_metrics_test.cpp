// Overlap of masks and of labels, with literals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/drawn_masks.hpp"
#include "validate/assignment.hpp"
#include "validate/label_overlap.hpp"
#include "validate/overlap.hpp"

namespace voxelmark {
namespace {

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

}  // namespace
}  // namespace voxelmark
