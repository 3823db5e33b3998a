#include "engines/operations/gaussian_blur.hpp"

#include <cstring>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// One-sided weights: the Gaussian is symmetric, so two voxels share a product.
std::vector<float> half_weights(float sigma) {
  const auto weights = gaussian_weights(sigma);
  return {weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2), weights.end()};
}

/// Neighbouring outputs that are summed side by side: so many that their sums stay in registers.
constexpr std::int64_t lanes = 64;
typedef float Vector __attribute__((vector_size(32)));
constexpr std::int64_t floats_per_vector = sizeof(Vector) / sizeof(float),
                       vectors = lanes / floats_per_vector;

Vector load(const float* line, std::int64_t i) {
  Vector values;
  std::memcpy(&values, line + i * floats_per_vector, sizeof values);  // of any alignment
  return values;
}

/// sums[i] = the weighted sum over centre[i + d * stride], d = -R..R, for all lanes.
void weigh(std::span<const float> weights, const float* centre, std::int64_t stride, float* sums) {
  Vector sum[vectors];
#pragma GCC unroll 8
  for (std::int64_t i = 0; i < vectors; ++i) sum[i] = weights[0] * load(centre, i);
  // Sums of sums: of a thousand terms one by one, the roundings would show in 16-bit results.
  constexpr std::int64_t block = 32;
  const auto size = static_cast<std::int64_t>(weights.size());
  for (std::int64_t first = 1; first < size; first += block) {
    Vector part[vectors] = {};
    for (std::int64_t d = first; d < std::min(first + block, size); ++d) {
      const float *below = centre - d * stride, *above = centre + d * stride;
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < vectors; ++i)
        part[i] += weights[d] * (load(below, i) + load(above, i));
    }
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < vectors; ++i) sum[i] += part[i];
  }
  std::memcpy(sums, sum, sizeof sum);
}

template <class In, class Out>
void blur_x(const Shape& shape, std::span<const float> weights, const In* from, Out* to,
            const ThreadScratch& scratch) {
  const auto radius = static_cast<std::int64_t>(weights.size()) - 1;
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    const In* row = from + offset(shape, 0, y, z);
    float* padded = scratch.pixels<float>();
    std::fill_n(padded, radius, static_cast<float>(row[0]));
    std::copy_n(row, shape.x, padded + radius);
    std::fill_n(padded + radius + shape.x, radius + lanes, static_cast<float>(row[shape.x - 1]));
    Out* result = to + offset(shape, 0, y, z);
    std::array<float, lanes> sums;
    for (std::int64_t x = 0; x < shape.x; x += lanes) {
      weigh(weights, padded + radius + x, 1, sums.data());
      std::transform(sums.begin(), sums.begin() + std::min(lanes, shape.x - x), result + x,
                     to_pixel<Out, float>);
    }
  });
}

/// Outputs along the axis that one task makes from lines it has gathered side by side: rows that
/// lie a power of two apart would push each other out of the cache.
std::int64_t segment_length(std::int64_t radius) { return std::max<std::int64_t>(128, 2 * radius); }

/// Along y, or along z.
template <class In, class Out>
void blur_across(const Shape& shape, bool along_y, std::span<const float> weights, const In* from,
                 Out* to, const ThreadScratch& scratch) {
  const auto radius = static_cast<std::int64_t>(weights.size()) - 1;
  const std::int64_t extent = along_y ? shape.y : shape.z, others = along_y ? shape.z : shape.y;
  const std::int64_t stride = along_y ? shape.x : shape.x * shape.y;
  const std::int64_t other_stride = along_y ? shape.x * shape.y : shape.x;
  const std::int64_t segment = segment_length(radius);
  const std::int64_t segments = (extent + segment - 1) / segment,
                     blocks = (shape.x + lanes - 1) / lanes;
  tbb::parallel_for(std::int64_t{0}, others * segments * blocks, [&](std::int64_t task) {
    const std::int64_t x = task % blocks * lanes, first = task / blocks % segments * segment;
    const std::int64_t base = task / blocks / segments * other_stride + x;
    const std::int64_t width = std::min(lanes, shape.x - x),
                       count = std::min(segment, extent - first);
    float* lines = scratch.pixels<float>();
    for (std::int64_t i = 0; i < count + 2 * radius; ++i) {
      const std::int64_t line = std::clamp<std::int64_t>(first + i - radius, 0, extent - 1);
      std::copy_n(from + base + line * stride, width, lines + i * lanes);
      std::fill_n(lines + i * lanes + width, lanes - width, 0.0f);
    }
    std::array<float, lanes> sums;
    for (std::int64_t i = 0; i < count; ++i) {
      weigh(weights, lines + (i + radius) * lanes, lanes, sums.data());
      std::transform(sums.begin(), sums.begin() + width, to + base + (first + i) * stride,
                     to_pixel<Out, float>);
    }
  });
}

}  // namespace

Body blur(Work& work, const Pixels& from, DType from_type, const Pixels& to, DType to_type,
          const Shape& shape, const PerAxis& sigma) {
  const std::array half{half_weights(sigma.x), half_weights(sigma.y), half_weights(sigma.z)};
  std::vector<int> axes;
  for (int axis = 0; axis < 3; ++axis)
    if (half[axis].size() > 1) axes.push_back(axis);
  if (axes.empty()) axes.push_back(0);  // nothing to blur is a pass with the single weight 1

  const auto voxels = static_cast<std::size_t>(shape.voxels());
  std::vector<Pixels> between;
  for (std::size_t i = 0; i + 1 < axes.size(); ++i)
    between.push_back(work.scratch(voxels * sizeof(float)));
  std::int64_t line_floats = shape.x + 2 * static_cast<std::int64_t>(half[0].size()) + lanes;
  for (const int axis : {1, 2}) {
    const auto radius = static_cast<std::int64_t>(half[axis].size()) - 1;
    line_floats = std::max(line_floats, (segment_length(radius) + 2 * radius) * lanes);
  }
  const ThreadScratch lines =
      work.scratch_per_thread(static_cast<std::size_t>(line_floats) * sizeof(float));

  return visit_grey(from_type, [&]<class In>(std::type_identity<In>) {
    return visit_grey(to_type, [&]<class Out>(std::type_identity<Out>) -> Body {
      return [=] {
        const auto pass = [&](int axis, const auto* source, auto* result) {
          if (axis == 0)
            blur_x(shape, half[0], source, result, lines);
          else
            blur_across(shape, axis == 1, half[axis], source, result, lines);
        };
        const In* first = from.as<In>();
        Out* last = to.as<Out>();
        if (between.empty()) return pass(axes[0], first, last);
        pass(axes[0], first, between[0].as<float>());
        if (between.size() == 2) pass(axes[1], between[0].as<float>(), between[1].as<float>());
        pass(axes.back(), between.back().as<float>(), last);
      };
    });
  });
}

Body gaussian_blur(Work& work) {
  return blur(work, work.input(), work.dtype(), work.output(), work.output_dtype(), work.shape(),
              work.parameters().per_axis("sigma"));
}

}  // namespace voxelmark::tbb_operations
