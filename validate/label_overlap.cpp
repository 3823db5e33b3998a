#include "validate/label_overlap.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "validate/assignment.hpp"

namespace voxelmark {

namespace {

/// A pair of labels as one key: the reference's in the upper half.
using Key = std::uint64_t;

/// Counts by key: open addressing, since the standard's map takes a third of the whole time.
class PairCounts {
 public:
  void add(Key key, std::int64_t count) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    Slot& slot = find(key);
    used_ += slot.count == 0;
    slot = {key, slot.count + count};
  }
  template <class F>
  void for_each(const F& f) const {
    for (const Slot& slot : slots_)
      if (slot.count > 0) f(slot.key, slot.count);
  }

 private:
  struct Slot {
    Key key = 0;
    std::int64_t count = 0;
  };
  Slot& find(Key key) {
    // Fibonacci hashing: the product's upper bits depend on all of the key.
    std::size_t i = (key * 0x9e3779b97f4a7c15u) >> shift_;
    while (slots_[i].count > 0 && slots_[i].key != key) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }
  void grow() {
    const std::vector<Slot> old =
        std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(256, 2 * slots_.size())));
    shift_ = 64 - std::countr_zero(slots_.size());
    for (const Slot& slot : old)
      if (slot.count > 0) find(slot.key) = slot;
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  int shift_ = 64;
};

PairCounts count_pairs(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  tbb::enumerable_thread_specific<PairCounts> parts;
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, a.size(), 1 << 18), [&](const auto& range) {
    PairCounts& counts = parts.local();
    for (std::size_t i = range.begin(); i < range.end();) {
      // Neighbours mostly carry the same pair: one look-up a run.
      const std::size_t start = i;
      const std::uint32_t x = a[i], y = b[i];
      do ++i;
      while (i < range.end() && ((a[i] ^ x) | (b[i] ^ y)) == 0);
      counts.add(Key{x} << 32 | y, static_cast<std::int64_t>(i - start));
    }
  });
  PairCounts all;
  for (const PairCounts& part : parts)
    part.for_each([&](Key key, std::int64_t count) { all.add(key, count); });
  return all;
}

std::int64_t place_of(const std::vector<std::uint32_t>& labels, std::uint32_t label) {
  return std::lower_bound(labels.begin(), labels.end(), label) - labels.begin();
}

void make_unique(std::vector<std::uint32_t>& labels) {
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
}

/// Calls f(row, column, voxels) for each pair of labels without the background.
template <class F>
void for_each_pair(const LabelOverlap& overlap, const F& f) {
  for (std::int64_t row = 1; row < overlap.shared.rows(); ++row)
    for (OverlapMatrix::InnerIterator it(overlap.shared, row); it; ++it)
      if (it.col() > 0)
        f(static_cast<std::size_t>(row), static_cast<std::size_t>(it.col()), it.value());
}

double iou(const LabelOverlap& overlap, std::size_t row, std::size_t column, std::int64_t shared) {
  return static_cast<double>(shared) /
         static_cast<double>(overlap.reference_size[row] + overlap.test_size[column] - shared);
}

Value mean_over_reference(const LabelOverlap& overlap, double sum) {
  return ratio(sum, static_cast<double>(overlap.reference_labels()),
               "no label on the side that is averaged over");
}

}  // namespace

LabelOverlap label_overlap(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape())
    throw std::logic_error("agreement of label images of different shape");
  const PairCounts counts =
      count_pairs(reference.pixels<std::uint32_t>(), test.pixels<std::uint32_t>());
  LabelOverlap overlap;
  overlap.reference = overlap.test = {0};
  overlap.voxels = reference.shape().voxels();
  counts.for_each([&](Key key, std::int64_t) {
    overlap.reference.push_back(static_cast<std::uint32_t>(key >> 32));
    overlap.test.push_back(static_cast<std::uint32_t>(key));
  });
  make_unique(overlap.reference);
  make_unique(overlap.test);
  overlap.reference_size.resize(overlap.reference.size());
  overlap.test_size.resize(overlap.test.size());
  std::vector<Eigen::Triplet<std::int64_t, std::int64_t>> triplets;
  counts.for_each([&](Key key, std::int64_t count) {
    const auto row = place_of(overlap.reference, static_cast<std::uint32_t>(key >> 32));
    const auto column = place_of(overlap.test, static_cast<std::uint32_t>(key));
    overlap.reference_size[static_cast<std::size_t>(row)] += count;
    overlap.test_size[static_cast<std::size_t>(column)] += count;
    triplets.emplace_back(row, column, count);
  });
  overlap.shared.resize(static_cast<std::int64_t>(overlap.reference.size()),
                        static_cast<std::int64_t>(overlap.test.size()));
  overlap.shared.setFromTriplets(triplets.begin(), triplets.end());
  return overlap;
}

LabelOverlap reversed(const LabelOverlap& overlap) {
  LabelOverlap result{overlap.test,           overlap.reference,          overlap.test_size,
                      overlap.reference_size, overlap.shared.transpose(), overlap.voxels};
  return result;
}

Confusion confusion(const LabelOverlap& overlap) {
  Confusion c;
  c.tn = overlap.shared.coeff(0, 0);
  c.fp = overlap.reference_size[0] - c.tn;
  c.fn = overlap.test_size[0] - c.tn;
  c.tp = overlap.voxels - c.tn - c.fp - c.fn;
  return c;
}

bool partition_equal(const LabelOverlap& overlap) {
  // As many pairs as labels on either side, the background's with itself among them.
  const auto pairs = static_cast<std::size_t>(overlap.shared.nonZeros());
  const bool background = overlap.shared.coeff(0, 0) == overlap.reference_size[0] &&
                          overlap.shared.coeff(0, 0) == overlap.test_size[0];
  const std::size_t expected = overlap.reference_labels() + (overlap.reference_size[0] > 0);
  return background && overlap.reference_labels() == overlap.test_labels() && pairs == expected;
}

Value sparse_jaccard(const LabelOverlap& overlap) {
  std::vector<double> best(overlap.reference.size());
  for_each_pair(overlap, [&](std::size_t row, std::size_t column, std::int64_t shared) {
    best[row] = std::max(best[row], iou(overlap, row, column, shared));
  });
  double sum = 0;
  for (const double value : best) sum += value;
  return mean_over_reference(overlap, sum);
}

Value seg(const LabelOverlap& overlap) {
  double sum = 0;
  for_each_pair(overlap, [&](std::size_t row, std::size_t column, std::int64_t shared) {
    if (2 * shared > overlap.reference_size[row]) sum += iou(overlap, row, column, shared);
  });
  return mean_over_reference(overlap, sum);
}

VariationOfInformation variation_of_information(const LabelOverlap& overlap) {
  if (overlap.voxels == 0) {
    const Undefined empty{"there are no voxels"};
    return {empty, empty, empty};
  }
  double split = 0, merge = 0;
  for (std::int64_t row = 0; row < overlap.shared.rows(); ++row)
    for (OverlapMatrix::InnerIterator it(overlap.shared, row); it; ++it) {
      const auto shared = static_cast<double>(it.value());
      const double share = shared / static_cast<double>(overlap.voxels);
      const auto of = [&](const std::vector<std::int64_t>& sizes, std::int64_t place) {
        return share *
               std::log2(static_cast<double>(sizes[static_cast<std::size_t>(place)]) / shared);
      };
      split += of(overlap.reference_size, row);
      merge += of(overlap.test_size, it.col());
    }
  return {split, merge, split + merge};
}

Value adjusted_rand(const LabelOverlap& overlap) {
  const auto pairs = [](std::int64_t n) {
    return static_cast<double>(n) * (static_cast<double>(n) - 1) / 2;
  };
  double both = 0, reference = 0, test = 0;
  for (std::int64_t row = 0; row < overlap.shared.rows(); ++row)
    for (OverlapMatrix::InnerIterator it(overlap.shared, row); it; ++it) both += pairs(it.value());
  for (const auto size : overlap.reference_size) reference += pairs(size);
  for (const auto size : overlap.test_size) test += pairs(size);
  const double all = pairs(overlap.voxels);
  if (all == 0) return Undefined{"needs more than one voxel"};
  const double expected = reference / all * test;
  return ratio(both - expected, (reference + test) / 2 - expected,
               "each side is one single label, or each voxel its own");
}

ObjectAgreement match_objects(const LabelOverlap& overlap, double threshold) {
  std::vector<Edge> edges;
  for_each_pair(overlap, [&](std::size_t row, std::size_t column, std::int64_t shared) {
    const double value = iou(overlap, row, column, shared);
    if (value > threshold) edges.push_back({row, column, value});
  });
  if (threshold < 0.5) edges = best_assignment(edges);
  ObjectAgreement result;
  std::vector<char> reference_matched(overlap.reference.size()), test_matched(overlap.test.size());
  double sum = 0;
  for (const Edge& edge : edges) {
    result.matches.push_back({overlap.reference[edge.row], overlap.test[edge.column], edge.weight});
    reference_matched[edge.row] = test_matched[edge.column] = 1;
    sum += edge.weight;
  }
  for (std::size_t i = 1; i < overlap.reference.size(); ++i)
    if (!reference_matched[i]) result.unmatched_reference.push_back(overlap.reference[i]);
  for (std::size_t i = 1; i < overlap.test.size(); ++i)
    if (!test_matched[i]) result.unmatched_test.push_back(overlap.test[i]);
  result.tp = static_cast<std::int64_t>(edges.size());
  result.fn = static_cast<std::int64_t>(result.unmatched_reference.size());
  result.fp = static_cast<std::int64_t>(result.unmatched_test.size());
  const auto tp = static_cast<double>(result.tp), fp = static_cast<double>(result.fp),
             fn = static_cast<double>(result.fn);
  constexpr const char* no_objects = "neither side has an object";
  result.precision = ratio(tp, tp + fp, "the test side has no object");
  result.recall = ratio(tp, tp + fn, "the reference has no object");
  result.f1 = result.rq = ratio(2 * tp, 2 * tp + fp + fn, no_objects);
  result.ap = ratio(tp, tp + fp + fn, no_objects);
  result.sq = ratio(sum, tp, "no object was matched");
  result.pq = ratio(2 * sum, 2 * tp + fp + fn, no_objects);
  return result;
}

SplitsAndMerges splits_and_merges(const LabelOverlap& overlap) {
  std::vector<int> inside_reference(overlap.reference.size()), inside_test(overlap.test.size());
  for_each_pair(overlap, [&](std::size_t row, std::size_t column, std::int64_t shared) {
    inside_reference[row] += 2 * shared > overlap.test_size[column];
    inside_test[column] += 2 * shared > overlap.reference_size[row];
  });
  SplitsAndMerges result;
  for (std::size_t i = 1; i < inside_reference.size(); ++i)
    if (inside_reference[i] > 1) result.splits.push_back(overlap.reference[i]);
  for (std::size_t i = 1; i < inside_test.size(); ++i)
    if (inside_test[i] > 1) result.merges.push_back(overlap.test[i]);
  return result;
}

}  // namespace voxelmark
