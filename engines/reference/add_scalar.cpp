#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void add_scalar(const Job& job, const Region& region, std::span<double> values) {
  const float scalar = job.parameters.number("scalar");
  const bool integer = job.input().dtype() != DType::f32;
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    const double a = clamped(job.input(), x, y, z);
    // Integers are defined by their float32 steps, so that every engine can meet them exactly.
    value = integer ? static_cast<double>(static_cast<float>(a) + scalar)
                    : a + static_cast<double>(scalar);
  });
}

}  // namespace voxelmark::reference
