#include "engines/operations/gaussian_blur.hpp"

#include <cmath>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// One-sided weights: the Gaussian is symmetric, so two voxels share a product.
std::vector<float> half_weights(float sigma) {
  const auto weights = gaussian_weights(sigma);
  return {weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2), weights.end()};
}

/// sums[i] = the weighted sum over lines[-R..R][i], for a block that fits the first-level cache.
template <class Lines>
void weigh(std::span<const float> weights, const Lines& lines, std::int64_t count, float* __restrict sums) {
  const auto* centre = lines(0);
  for (std::int64_t i = 0; i < count; ++i) sums[i] = weights[0] * static_cast<float>(centre[i]);
  for (std::size_t d = 1; d < weights.size(); ++d) {
    const auto* below = lines(-static_cast<std::int64_t>(d));
    const auto* above = lines(static_cast<std::int64_t>(d));
    const float weight = weights[d];
    for (std::int64_t i = 0; i < count; ++i)
      sums[i] = std::fma(weight, static_cast<float>(below[i]) + static_cast<float>(above[i]), sums[i]);
  }
}

constexpr std::int64_t block = 1024;

template <class In, class Out>
void blur_x(const Shape& shape, std::span<const float> weights, const In* from, Out* to,
            const ThreadScratch& scratch) {
  const auto radius = static_cast<std::int64_t>(weights.size()) - 1;
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    const In* row = from + offset(shape, 0, y, z);
    float* padded = scratch.pixels<float>();
    std::fill_n(padded, radius, static_cast<float>(row[0]));
    std::copy_n(row, shape.x, padded + radius);
    std::fill_n(padded + radius + shape.x, radius, static_cast<float>(row[shape.x - 1]));
    Out* result = to + offset(shape, 0, y, z);
    std::array<float, block> sums;
    for (std::int64_t x = 0; x < shape.x; x += block) {
      const std::int64_t count = std::min(block, shape.x - x);
      weigh(weights, [&](std::int64_t d) { return padded + radius + x + d; }, count, sums.data());
      std::transform(sums.begin(), sums.begin() + count, result + x, to_pixel<Out, float>);
    }
  });
}

/// Along y, or along z.
template <class In, class Out>
void blur_rows(const Shape& shape, bool along_y, std::span<const float> weights, const In* from, Out* to) {
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    Out* result = to + offset(shape, 0, y, z);
    std::array<float, block> sums;
    for (std::int64_t x = 0; x < shape.x; x += block) {
      const std::int64_t count = std::min(block, shape.x - x);
      const auto line = [&](std::int64_t d) {
        return from + (along_y ? offset(shape, x, std::clamp<std::int64_t>(y + d, 0, shape.y - 1), z)
                               : offset(shape, x, y, std::clamp<std::int64_t>(z + d, 0, shape.z - 1)));
      };
      weigh(weights, line, count, sums.data());
      std::transform(sums.begin(), sums.begin() + count, result + x, to_pixel<Out, float>);
    }
  });
}

}  // namespace

Body gaussian_blur(const HostEngine& engine, const Request& request) {
  const PerAxis sigma = request.parameters.per_axis("sigma");
  const std::array half{half_weights(sigma.x), half_weights(sigma.y), half_weights(sigma.z)};
  std::vector<int> axes;
  for (int axis = 0; axis < 3; ++axis)
    if (half[axis].size() > 1) axes.push_back(axis);
  if (axes.empty()) axes.push_back(0);  // nothing to blur is a pass with the single weight 1

  const Shape shape = request.output->shape();
  auto& arena = static_cast<HostArena&>(request.arena);
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  std::vector<std::shared_ptr<const HostArena::Slot>> between;
  for (std::size_t i = 0; i + 1 < axes.size(); ++i)
    between.push_back(arena.slot(i, voxels * sizeof(float)));
  const ThreadScratch line(engine, arena, 2,
                           (static_cast<std::size_t>(shape.x) + 2 * half[0].size()) * sizeof(float));

  return visit(request.output->dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [=, input = request.inputs[0], output = request.output] {
      const auto pass = [&](int axis, const auto* from, auto* to) {
        if (axis == 0)
          blur_x(shape, half[0], from, to, line);
        else
          blur_rows(shape, axis == 1, half[axis], from, to);
      };
      const T* first = host(input).pixels<T>();
      T* last = host(output).pixels<T>();
      if (between.empty()) return pass(axes[0], first, last);
      pass(axes[0], first, between[0]->pixels<float>());
      if (between.size() == 2) pass(axes[1], between[0]->pixels<float>(), between[1]->pixels<float>());
      pass(axes.back(), between.back()->pixels<float>(), last);
    };
  });
}

}  // namespace voxelmark::tbb_operations
