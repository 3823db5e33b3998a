#include "engines/operations/projection.hpp"

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

/// values = the values along the axis, joined one after another by `join`.
template <class F>
void project(const Job& job, const Region& region, std::span<double> values, int axis, F join) {
  const Image& input = job.input();
  const auto at = [&](std::int64_t u, std::int64_t v, std::int64_t i) {
    return axis == 0   ? clamped(input, i, v, u)
           : axis == 1 ? clamped(input, u, i, v)
                       : clamped(input, u, v, i);
  };
  for_each_voxel(region, values, [&](auto u, auto v, auto, double& value) {
    value = at(u, v, 0);
    for (std::int64_t i = 1; i < extent_along(input.shape(), axis); ++i)
      value = join(value, at(u, v, i));
  });
}

// Both take the number where the other one is NaN.
double larger(double a, double b) { return std::fmax(a, b); }
double smaller(double a, double b) { return std::fmin(a, b); }

double sum(double a, double b) { return a + b; }

}  // namespace

void maximum_x_projection(const Job& job, const Region& region, std::span<double> values) {
  project(job, region, values, 0, larger);
}

void maximum_y_projection(const Job& job, const Region& region, std::span<double> values) {
  project(job, region, values, 1, larger);
}

void maximum_z_projection(const Job& job, const Region& region, std::span<double> values) {
  project(job, region, values, 2, larger);
}

void minimum_z_projection(const Job& job, const Region& region, std::span<double> values) {
  project(job, region, values, 2, smaller);
}

void sum_z_projection(const Job& job, const Region& region, std::span<double> values) {
  project(job, region, values, 2, sum);
}

void mean_z_projection(const Job& job, const Region& region, std::span<double> values) {
  project(job, region, values, 2, sum);
  for (double& value : values) value /= static_cast<double>(job.input().shape().z);
}

}  // namespace voxelmark::reference
