#include "engines/operations/gaussian_blur.hpp"

#include <cstring>
#include <functional>

#include "engines/tbb/plane_pass.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// One-sided weights: the Gaussian is symmetric, so two voxels share a product.
std::vector<float> half_weights(float sigma) {
  const auto weights = gaussian_weights(sigma);
  return {weights.begin() + static_cast<std::ptrdiff_t>(weights.size() / 2), weights.end()};
}

/// Neighbouring outputs in the lines of a column.
constexpr std::int64_t lanes = 64;
typedef float Vector32 __attribute__((vector_size(32)));
typedef float Vector64 __attribute__((vector_size(64)));

/// sums[i] = the weighted sum over centre[i + d * stride], d = -R..R. Along x
/// vectors of half a cache line are better: those of a whole one would mostly take two. `count`
/// outputs are summed side by side: so many that their sums stay in registers.
template <class Vector, std::int64_t count>
void weigh(std::span<const float> weights, const float* centre, std::int64_t stride, float* sums) {
  constexpr std::int64_t floats_per_vector = sizeof(Vector) / sizeof(float),
                         vectors = count / floats_per_vector;
  const auto load = [](Vector& values, const float* from) {  // of any alignment
    std::memcpy(&values, from, sizeof values);
  };
  Vector sum[vectors], below, above;
#pragma GCC unroll 8
  for (std::int64_t i = 0; i < vectors; ++i) {
    load(below, centre + i * floats_per_vector);
    sum[i] = weights[0] * below;
  }
  // Sums of sums: of a thousand terms one by one, the roundings would show in 16-bit results.
  constexpr std::int64_t block = 32;
  const auto size = static_cast<std::int64_t>(weights.size());
  for (std::int64_t first = 1; first < size; first += block) {
    Vector part[vectors] = {};
    for (std::int64_t d = first; d < std::min(first + block, size); ++d)
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < vectors; ++i) {
        load(below, centre + i * floats_per_vector - d * stride);
        load(above, centre + i * floats_per_vector + d * stride);
        part[i] += weights[d] * (below + above);
      }
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < vectors; ++i) sum[i] += part[i];
  }
  std::memcpy(sums, sum, sizeof sum);
}

/// For PlanePass: column after column of lanes, whose lines stay in the first-level cache.
void weigh_lines(std::span<const float> weights, const float* lines, std::int64_t stride,
                 std::int64_t elements, float* results) {
  const float* const centre = lines + (static_cast<std::int64_t>(weights.size()) - 1) * stride;
  const std::int64_t pitch = stride == 1 ? elements : stride;
  for (std::int64_t x = 0; x < pitch; x += lanes)
    for (std::int64_t j = x; j < elements; j += pitch)
      if (!has_avx512)  // 16 registers, each a Vector32
        for (std::int64_t i = j; i < j + lanes; i += lanes / 2)
          weigh<Vector32, lanes / 2>(weights, centre + i, stride, results + i);
      else if (stride == 1)
        weigh<Vector32, lanes>(weights, centre + j, 1, results + j);
      else
        weigh<Vector64, lanes>(weights, centre + j, stride, results + j);
}

}  // namespace

Body blur(Work& work, const Pixels& from, DType from_type, const Pixels& to, DType to_type,
          const Shape& shape, const PerAxis& sigma) {
  const std::array half{half_weights(sigma.x), half_weights(sigma.y), half_weights(sigma.z)};
  const auto radius = [&](int axis) { return static_cast<std::int64_t>(half[axis].size()) - 1; };
  const bool in_plane = radius(0) > 0 || radius(1) > 0, in_depth = radius(2) > 0;
  const PlanePass<float> plane(work, shape, radius(0), radius(1));
  const auto depth = PlanePass<float>::along_z(work, shape, radius(2));
  const Pixels between =
      in_plane && in_depth ? work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(float))
                           : Pixels();
  return visit_grey(from_type, [&]<class In>(std::type_identity<In>) {
    return visit_grey(to_type, [&]<class Out>(std::type_identity<Out>) -> Body {
      return [=] {
        const auto along = [&](int axis) {
          return [&weights = half[axis]](const float* lines, std::int64_t stride,
                                         std::int64_t elements, float* results) {
            weigh_lines(weights, lines, stride, elements, results);
          };
        };
        const auto widen = [](In value) { return static_cast<float>(value); };
        const auto round = [](float value) { return to_pixel<Out>(value); };
        const In* first = from.as<In>();
        Out* last = to.as<Out>();
        if (!in_depth) return plane.run(first, last, widen, round, along(0), along(1));
        if (!in_plane) return depth.run(first, last, widen, round, along(0), along(2));
        plane.run(first, between.as<float>(), widen, std::identity(), along(0), along(1));
        depth.run(between.as<float>(), last, std::identity(), round, along(0), along(2));
      };
    });
  });
}

Body gaussian_blur(Work& work) {
  return blur(work, work.input(), work.dtype(), work.output(), work.output_dtype(), work.shape(),
              work.parameters().per_axis("sigma"));
}

}  // namespace voxelmark::tbb_operations
