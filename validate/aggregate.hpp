#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "validate/figures.hpp"

namespace voxelmark {

/// One metric over many images.
struct Aggregate {
  std::int64_t n = 0;            ///< images that count: with a value, or infinite
  std::int64_t n_undefined = 0;  ///< left out: undefined for another reason
  std::int64_t n_infinite =
      0;           ///< a distance where one side is empty, PSNR without an error; they rank last
  Value mean, sd;  ///< undefined where one is infinite; SD over n - 1
  Value median, lower_quartile, upper_quartile;  ///< linear between order statistics
  /// 95 % of the means and medians of 2,000 resamples with replacement (percentile bootstrap, Efron
  /// 1979).
  ValueRange mean_ci, median_ci;
};

/// `n_infinite` values besides `values` are infinite. The same seed gives the same intervals.
Aggregate aggregate(std::span<const double> values, std::int64_t n_infinite,
                    std::int64_t n_undefined, std::uint64_t seed);

struct NamedAggregate {
  std::string key;
  Aggregate aggregate;
};

/// Of all images' figures that are numbers, each metric's aggregate. A missed object never improves
/// a figure: what is undefined because one side is empty counts as infinite.
std::vector<NamedAggregate> aggregate_all(const std::vector<Figures>& images, std::uint64_t seed);

/// The same as figures with keys such as "dice.mean".
Figures to_figures(const std::vector<NamedAggregate>& aggregates);

}  // namespace voxelmark
