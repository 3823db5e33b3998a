#include "engines/operations/gaussian_blur.hpp"

#include "engines/reference/neighbourhood.hpp"

namespace voxelmark::reference {

void blur(const Image& image, const PerAxis& sigma, const Region& region,
          std::span<double> values) {
  const auto weights = gaussian_weights(sigma);
  const auto radius = [&](int axis) { return static_cast<std::int64_t>(weights[axis].size() / 2); };
  separably(
      image.shape(), {radius(0), radius(1), radius(2)}, region, values,
      [&](auto x, auto y, auto z) { return clamped(image, x, y, z); },
      [&](int axis, const auto& at) {
        double sum = 0;
        for (std::int64_t d = -radius(axis); d <= radius(axis); ++d)
          sum += weights[axis][d + radius(axis)] * at(d);
        return sum;
      });
}

void gaussian_blur(const Job& job, const Region& region, std::span<double> values) {
  blur(job.input(), job.parameters.per_axis("sigma"), region, values);
}

}  // namespace voxelmark::reference
