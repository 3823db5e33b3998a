#include <cmath>

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void maximum_z_projection(const Job& job, const Region& region, std::span<double> values) {
  for_each_voxel(region, values, [&](auto x, auto y, auto, double& value) {
    value = clamped(job.input(), x, y, 0);
    // fmax takes the number where the other one is NaN.
    for (std::int64_t z = 1; z < job.input().shape().z; ++z)
      value = std::fmax(value, clamped(job.input(), x, y, z));
  });
}

}  // namespace voxelmark::reference
