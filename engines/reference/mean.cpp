#include "engines/reference/neighbourhood.hpp"

namespace voxelmark::reference {

void mean(const Job& job, const Region& region, std::span<double> values) {
  const Window window(job.parameters);
  const auto read = [&](auto x, auto y, auto z) { return clamped(job.input(), x, y, z); };
  if (!window.sphere) {
    const std::array radii{window.radius.x, window.radius.y, window.radius.z};
    return separably(job.input().shape(), window.radius, region, values, read,
                     [&](int axis, const auto& at) {
                       double sum = 0;
                       for (std::int64_t d = -radii[axis]; d <= radii[axis]; ++d) sum += at(d);
                       return sum / static_cast<double>(2 * radii[axis] + 1);
                     });
  }
  const auto rows = window_rows(window);
  const auto size = static_cast<double>(window_size(window));
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = 0;
    for (const WindowRow& row : rows)
      for (std::int64_t d = -row.half; d <= row.half; ++d)
        value += read(x + d, y + row.y, z + row.z);
    value /= size;
  });
}

}  // namespace voxelmark::reference
