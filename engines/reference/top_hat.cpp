#include "engines/reference/neighbourhood.hpp"

namespace voxelmark::reference {

namespace {

/// The first extreme on all that the region's second one depends on.
void opened_or_closed(Extreme first, Extreme second, const Job& job, const Region& region,
                      std::span<double> values) {
  const Window window(job.parameters);
  const auto extreme_of = [&](const Image& image, Extreme which, const Region& part,
                              std::span<double> results) {
    extreme(image.shape(), which, window, part, results,
            [&](auto x, auto y, auto z) { return clamped(image, x, y, z); });
  };
  const Region whole = grown(region, window.radius, job.input().shape());
  Image between(whole.extent, DType::f64);
  extreme_of(job.input(), first, whole, between.pixels<double>());
  const auto& [origin, extent] = region;
  extreme_of(
      between, second,
      {{origin.x - whole.origin.x, origin.y - whole.origin.y, origin.z - whole.origin.z}, extent},
      values);
}

}  // namespace

void top_hat(const Job& job, const Region& region, std::span<double> values) {
  opened_or_closed(Extreme::minimum, Extreme::maximum, job, region, values);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = clamped(job.input(), x, y, z) - value;
  });
}

void bottom_hat(const Job& job, const Region& region, std::span<double> values) {
  opened_or_closed(Extreme::maximum, Extreme::minimum, job, region, values);
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value -= clamped(job.input(), x, y, z);
  });
}

}  // namespace voxelmark::reference
