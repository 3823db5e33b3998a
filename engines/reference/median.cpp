#include <algorithm>

#include "engines/operations/window.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void median(const Job& job, const Region& region, std::span<double> values) {
  const auto rows = window_rows(job.parameters);
  std::vector<double> window(static_cast<std::size_t>(listed_window_size(job.parameters)));
  const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    auto next = window.begin();
    for (const WindowRow& row : rows)
      for (std::int64_t d = -row.half; d <= row.half; ++d)
        *next++ = clamped(job.input(), x + d, y + row.y, z + row.z);
    std::nth_element(window.begin(), middle, window.end(), NanLast{});
    value = *middle;
  });
}

}  // namespace voxelmark::reference
