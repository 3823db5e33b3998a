#pragma once
#include <tbb/blocked_range.h>
#include <tbb/combinable.h>
#include <tbb/parallel_for.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "validate/plot_axes.hpp"
#include "validate/plots.hpp"

namespace voxelmark::plots {

constexpr std::size_t grain = 1 << 15;  // pairs

struct Bounds {
  Extent x, y;
};

Bounds bounds_of(const PairSource& pairs);

/// Bins of one width from the lowest of some values to the highest.
struct Bins {
  double origin = 0, step = 1;
  std::int64_t first = 0, count = 1;

  /// Not narrower than `least`.
  Bins(const Extent& values, double least) : step(round_step(least)) {
    if (values.whole) {  // which then stand in the middle of bins of 1
      step = std::max(1.0, step);
      origin = -0.5;
    }
    if (values.empty()) return;
    first = index(values.low);
    count = index(values.high) + 1;
  }
  std::int64_t index(double value) const {
    // What is a rounding below an edge counts as on it.
    return static_cast<std::int64_t>(std::floor((value - origin) / step + 1e-9)) - first;
  }
  double edge(std::int64_t i) const { return origin + static_cast<double>(first + i) * step; }
};

using Counts = std::vector<std::int64_t>;

/// `count(counts, x, y)` for every pair, into `size` counts that begin at 0.
template <class F>
Counts count_pairs(const PairSource& pairs, std::size_t size, const F& count) {
  tbb::combinable<Counts> parts([&] { return Counts(size); });
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, pairs.count, grain), [&](const auto& range) {
    Counts& counts = parts.local();
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      const auto [x, y] = pairs.at(i);
      count(counts, x, y);
    }
  });
  Counts sums(size);
  parts.combine_each([&](const Counts& part) {
    for (std::size_t i = 0; i < size; ++i) sums[i] += part[i];
  });
  return sums;
}

}  // namespace voxelmark::plots
