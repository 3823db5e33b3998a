#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void difference_of_gaussian(const Job& job, const Region& region, std::span<double> values) {
  std::vector<double> subtracted(values.size());
  blur(job.input(), job.parameters.per_axis("sigma1"), region, values);
  blur(job.input(), job.parameters.per_axis("sigma2"), region, subtracted);
  std::transform(values.begin(), values.end(), subtracted.begin(), values.begin(), std::minus());
}

void subtract_gaussian_background(const Job& job, const Region& region, std::span<double> values) {
  blur(job.input(), job.parameters.per_axis("sigma"), region, values);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = clamped(job.input(), x, y, z) - value;
  });
}

void divide_by_gaussian_background(const Job& job, const Region& region, std::span<double> values) {
  blur(job.input(), job.parameters.per_axis("sigma"), region, values);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = value == 0 ? 0 : clamped(job.input(), x, y, z) / value;
  });
}

}  // namespace voxelmark::reference
