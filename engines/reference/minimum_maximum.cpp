#include "engines/reference/neighbourhood.hpp"

namespace voxelmark::reference {

namespace {

void evaluate(Extreme which, const Job& job, const Region& region, std::span<double> values) {
  extreme(job.input().shape(), which, job.parameters, region, values,
          [&](auto x, auto y, auto z) { return clamped(job.input(), x, y, z); });
}

}  // namespace

void minimum(const Job& job, const Region& region, std::span<double> values) {
  evaluate(Extreme::minimum, job, region, values);
}

void maximum(const Job& job, const Region& region, std::span<double> values) {
  evaluate(Extreme::maximum, job, region, values);
}

}  // namespace voxelmark::reference
