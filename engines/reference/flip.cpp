#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void flip(const Job& job, const Region& region, std::span<double> values) {
  const std::string& axis = job.parameters.choice("axis");
  const Shape& shape = job.input().shape();
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = clamped(job.input(), axis == "x" ? shape.x - 1 - x : x,
                    axis == "y" ? shape.y - 1 - y : y, axis == "z" ? shape.z - 1 - z : z);
  });
}

}  // namespace voxelmark::reference
