#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

// What computes a slab rounds and saturates.
void convert(const Job& job, const Region& region, std::span<double> values) {
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = clamped(job.input(), x, y, z);
  });
}

}  // namespace voxelmark::reference
