#include <algorithm>

#include "engines/operations/window.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void median(const Job& job, const Region& region, std::span<double> values) {
  const auto offsets = window_offsets(job.parameters);
  std::vector<double> window(offsets.size());
  const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    std::transform(offsets.begin(), offsets.end(), window.begin(),
                   [&](const Index& d) { return clamped(job.input(), x + d.x, y + d.y, z + d.z); });
    std::nth_element(window.begin(), middle, window.end(), NanLast{});
    value = *middle;
  });
}

}  // namespace voxelmark::reference
