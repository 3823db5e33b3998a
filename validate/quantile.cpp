#include "validate/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace voxelmark {

double quantile(std::span<const double> samples, double q) {
  std::vector<double> copy(samples.begin(), samples.end());
  return quantile_in_place(copy, q);
}

double quantile_in_place(std::span<double> samples, double q) {
  if (samples.empty()) throw std::logic_error("quantile of no samples");
  const double position = q * static_cast<double>(samples.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto place = samples.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(samples.begin(), place, samples.end());
  const double low = *place, part = position - static_cast<double>(below);
  if (part == 0) return low;
  const double high = *std::min_element(place + 1, samples.end());
  // The difference of two infinite samples would be NaN.
  return std::isinf(high) ? high : low + part * (high - low);
}

}  // namespace voxelmark
