#include "reports/median.hpp"

#include <algorithm>
#include <vector>

namespace voxelmark::report {

double median(std::span<const double> values) {
  std::vector<double> x(values.begin(), values.end());
  std::sort(x.begin(), x.end());
  return (x[(x.size() - 1) / 2] + x[x.size() / 2]) / 2;
}

}  // namespace voxelmark::report
