#include "validate/label_agreement.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

namespace voxelmark {

namespace {

using Counts = std::unordered_map<std::uint64_t, std::int64_t>;

/// How many voxels carry each pair of labels; the reference's label stands in the upper half.
Counts count_pairs(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape())
    throw std::logic_error("agreement of label images of different shape");
  const auto a = reference.pixels<std::uint32_t>(), b = test.pixels<std::uint32_t>();
  Counts counts;
  for (std::size_t i = 0; i < a.size();) {
    std::size_t end = i + 1;
    while (end < a.size() && a[end] == a[i] && b[end] == b[i]) ++end;
    counts[std::uint64_t{a[i]} << 32 | b[i]] += static_cast<std::int64_t>(end - i);
    i = end;
  }
  return counts;
}

std::uint32_t reference_label(std::uint64_t pair) { return static_cast<std::uint32_t>(pair >> 32); }
std::uint32_t test_label(std::uint64_t pair) { return static_cast<std::uint32_t>(pair); }

std::optional<double> mean_of(const std::unordered_map<std::uint32_t, double>& best) {
  if (best.empty()) return std::nullopt;
  double sum = 0;
  for (const auto& [label, value] : best) sum += value;
  return sum / static_cast<double>(best.size());
}

}  // namespace

LabelAgreement label_agreement(const Image& reference, const Image& test) {
  const Counts counts = count_pairs(reference, test);
  std::unordered_map<std::uint32_t, std::int64_t> size, test_size;
  double both = 0, one = 0;
  for (const auto& [pair, count] : counts) {
    const bool in_reference = reference_label(pair) != 0, in_test = test_label(pair) != 0;
    if (in_reference) size[reference_label(pair)] += count;
    if (in_test) test_size[test_label(pair)] += count;
    if (in_reference && in_test)
      both += static_cast<double>(count);
    else if (in_reference || in_test)
      one += static_cast<double>(count);
  }
  std::unordered_map<std::uint32_t, double> best, best_reverse;
  for (const auto& [label, count] : size) best[label] = 0;
  for (const auto& [label, count] : test_size) best_reverse[label] = 0;
  for (const auto& [pair, count] : counts) {
    const std::uint32_t a = reference_label(pair), b = test_label(pair);
    if (a == 0 || b == 0) continue;
    const double overlap =
        static_cast<double>(count) / static_cast<double>(size[a] + test_size[b] - count);
    best[a] = std::max(best[a], overlap);
    best_reverse[b] = std::max(best_reverse[b], overlap);
  }
  LabelAgreement figures;
  if (both + one > 0) figures.dice = 2 * both / (2 * both + one);
  figures.sparse_jaccard = mean_of(best);
  figures.sparse_jaccard_reverse = mean_of(best_reverse);
  figures.reference_labels = static_cast<std::int64_t>(size.size());
  figures.test_labels = static_cast<std::int64_t>(test_size.size());
  return figures;
}

bool same_partition(const Image& reference, const Image& test) {
  std::unordered_map<std::uint32_t, std::uint32_t> partner, partner_reverse;
  for (const auto& [pair, count] : count_pairs(reference, test)) {
    const std::uint32_t a = reference_label(pair), b = test_label(pair);
    if ((a == 0) != (b == 0)) return false;
    if (!partner.emplace(a, b).second || !partner_reverse.emplace(b, a).second) return false;
  }
  return true;
}

}  // namespace voxelmark
