#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

/// values = f(a, b) of the two inputs' voxels.
template <class F>
void for_each_pair(const Job& job, const Region& region, std::span<double> values, F f) {
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = f(clamped(*job.inputs[0], x, y, z), clamped(*job.inputs[1], x, y, z));
  });
}

}  // namespace

// Integers are defined by their float32 steps, so that every engine can meet them exactly.

void multiply_scalar(const Job& job, const Region& region, std::span<double> values) {
  const float scalar = job.parameters.number("scalar");
  const bool integer = job.input().dtype() != DType::f32;
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    const double a = clamped(job.input(), x, y, z);
    value = integer ? static_cast<double>(static_cast<float>(a) * scalar)
                    : a * static_cast<double>(scalar);
  });
}

void add_images_weighted(const Job& job, const Region& region, std::span<double> values) {
  const float factor1 = job.parameters.number("factor1");
  const float factor2 = job.parameters.number("factor2");
  if (job.input().dtype() == DType::f32)
    for_each_pair(job, region, values, [&](double a, double b) {
      return a * static_cast<double>(factor1) + b * static_cast<double>(factor2);
    });
  else
    for_each_pair(job, region, values, [&](double a, double b) {
      const float first = static_cast<float>(a) * factor1, second = static_cast<float>(b) * factor2;
      return static_cast<double>(first + second);
    });
}

void binary_and(const Job& job, const Region& region, std::span<double> values) {
  for_each_pair(job, region, values, [](double a, double b) { return a != 0 && b != 0 ? 1 : 0; });
}

void absolute_difference(const Job& job, const Region& region, std::span<double> values) {
  for_each_pair(job, region, values, [](double a, double b) { return std::abs(a - b); });
}

void squared_difference(const Job& job, const Region& region, std::span<double> values) {
  for_each_pair(job, region, values, [](double a, double b) { return (a - b) * (a - b); });
}

}  // namespace voxelmark::reference
