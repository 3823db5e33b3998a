#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace voxelmark {

double mean(std::span<const double> samples) {
  double sum = 0;
  for (const double value : samples) sum += value;
  return sum / static_cast<double>(samples.size());
}

double standard_deviation(std::span<const double> samples) {
  if (samples.size() < 2) return 0;
  const double centre = mean(samples);
  double squares = 0;
  for (const double value : samples) squares += (value - centre) * (value - centre);
  return std::sqrt(squares / static_cast<double>(samples.size() - 1));
}

Interval median_interval(std::span<const double> samples) {
  if (samples.empty()) throw std::logic_error("interval of no samples");
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  // P(X < k) for X ~ binomial(n, 1/2) is the chance that the median lies below the k-th smallest
  // sample.
  double tail = 0;
  std::size_t k = 0;
  const double half_n = static_cast<double>(n) * std::log(0.5);
  for (; k < n / 2; ++k) {
    const auto i = static_cast<double>(k), m = static_cast<double>(n);
    tail += std::exp(std::lgamma(m + 1) - std::lgamma(i + 1) - std::lgamma(m - i + 1) + half_n);
    if (2 * tail > 0.05) break;
  }
  const std::size_t rank = std::max<std::size_t>(k, 1);
  return {sorted[rank - 1], sorted[n - rank]};
}

}  // namespace voxelmark
