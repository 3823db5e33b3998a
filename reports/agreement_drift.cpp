#include "reports/agreement_drift.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engines/core/text.hpp"

namespace voxelmark::report {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A figure whose fall below 1 is a loss, and the loss that two good runs may differ by: where
/// threads add in any order, results differ in the last bits, and labels in a few voxels.
struct Score {
  const char *key, *name;
  double rounding;
};
constexpr std::array scores{
    Score{"pearson_r", "Pearson's r", 1e-7},
    Score{"dice", "Dice index", 1e-4},
    Score{"sparse_jaccard", "sparse Jaccard index", 1e-3},
    Score{"sparse_jaccard_reverse", "sparse Jaccard index in reverse", 1e-3},
};

std::string number(double value) { return rounded(value, 9); }

/// The worst that was there before; nothing where the figure was not.
template <class Figure>
std::optional<double> worst(const std::vector<const Row*>& before, const Figure& figure) {
  std::optional<double> result;
  for (const Row* row : before)
    if (const auto value = figure(*row)) result = std::max(result.value_or(-infinity), *value);
  return result;
}

/// How far the limits of agreement reach from 0, in the output's units.
std::optional<double> reach_of_limits(const Row& row) {
  const auto lower = row.figure("limit_of_agreement_lower"),
             upper = row.figure("limit_of_agreement_upper");
  if (!lower || !upper) return std::nullopt;
  return std::max(std::abs(*lower), std::abs(*upper));
}

std::vector<std::string> outside_bounds(const Row& row) {
  std::vector<std::string> faults;
  const auto at_least = [&](const char* key, const char* bound, const char* name) {
    const auto value = row.figure(key), needed = row.figure(bound);
    if (value && needed && !(*value >= *needed))
      faults.push_back(std::string(name) + " " + number(*value) + ", needs " + number(*needed));
  };
  const auto error = row.figure("max_abs_error"), allowed = row.figure("error_allowed");
  // Labels that are judged by their overlap may differ by any number.
  if (error && allowed && !row.figure("dice_needed") && !(*error <= *allowed))
    faults.push_back("largest error " + number(*error) + ", allowed " + number(*allowed));
  at_least("dice", "dice_needed", "Dice index");
  at_least("sparse_jaccard", "sparse_jaccard_needed", "sparse Jaccard index");
  at_least("sparse_jaccard_reverse", "sparse_jaccard_needed", "sparse Jaccard index in reverse");
  return faults;
}

}  // namespace

std::vector<std::string> agreement_faults(const Row& row, const std::vector<const Row*>& before) {
  auto faults = outside_bounds(row);
  for (const Score& score : scores) {
    const auto value = row.figure(score.key);
    // A loss is the distance from 1: where that was 0.1, it may be 0.11.
    const auto loss = worst(before, [&](const Row& r) -> std::optional<double> {
      const auto old = r.figure(score.key);
      return old ? std::optional(1 - *old) : std::nullopt;
    });
    if (value && loss && 1 - *value > 1.1 * std::max(*loss, 0.0) + score.rounding)
      faults.push_back(std::string(score.name) + " " + number(*value) + ", was " +
                       number(1 - *loss));
  }
  const auto partition = row.figure("partition_equal"),
             was_unequal = worst(before, [](const Row&r) -> std::optional<double> {
               const auto old = r.figure("partition_equal");
               return old ? std::optional(1 - *old) : std::nullopt;
             });
  if (partition && was_unequal && *partition < 1 && *was_unequal < 1)
    faults.push_back("the labels' partition is no longer the reference's");
  const auto reach = reach_of_limits(row), was = worst(before, reach_of_limits);
  const double share_of_bound = 0.01 * row.figure("error_allowed").value_or(0);
  if (reach && was && *reach > 1.1 * *was + share_of_bound)
    faults.push_back("limits of agreement reach " + rounded(*reach, 4) + ", was " +
                     rounded(*was, 4));
  return faults;
}

}  // namespace voxelmark::report
