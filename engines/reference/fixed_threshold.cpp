#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void fixed_threshold(const Job& job, const Region& region, std::span<double> values) {
  const double threshold = static_cast<double>(job.parameters.number("threshold"));
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = clamped(job.input(), x, y, z) >= threshold ? 1 : 0;
  });
}

}  // namespace voxelmark::reference
