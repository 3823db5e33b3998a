// Voxels that only move: turns, reslices, crops.
#include "engines/operations/crop.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void rotate(const Job& job, const Region& region, std::span<double> values) {
  const Image& input = job.input();
  const std::int64_t right = input.shape().x - 1, bottom = input.shape().y - 1;
  const auto turns = static_cast<int>(job.parameters.number("turns"));
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = turns == 1   ? clamped(input, right - y, x, z)
            : turns == 2 ? clamped(input, right - x, bottom - y, z)
                         : clamped(input, y, bottom - x, z);
  });
}

void reslice(const Job& job, const Region& region, std::span<double> values) {
  const bool top = job.parameters.choice("from") == "top";
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = top ? clamped(job.input(), x, z, y) : clamped(job.input(), z, x, y);
  });
}

void crop(const Job& job, const Region& region, std::span<double> values) {
  const Index origin = cropped(job.parameters, job.input().shape()).origin;
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = clamped(job.input(), origin.x + x, origin.y + y, origin.z + z);
  });
}

}  // namespace voxelmark::reference
