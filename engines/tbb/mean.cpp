#include <functional>

#include "engines/tbb/column_pass.hpp"
#include "engines/tbb/sphere_pass.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// to[j] += from[j], which may overlap: what is read lies ahead of what is written.
void add(float* to, const float* from, std::int64_t elements) {
#pragma GCC ivdep
  for (std::int64_t j = 0; j < elements; ++j) to[j] += from[j];
}

/// sums[j] = the sum of the `width` values from lines[j] on, each `stride` further. Sums of 1, 2,
/// 4, ... values are put together as the binary digits of the odd width say: pairwise sums keep
/// rounding small in a window of any width.
void windowed(float* lines, std::int64_t stride, std::int64_t elements, float* sums,
              std::int64_t width) {
  std::copy_n(lines, elements, sums);
  std::int64_t taken = 1;
  for (std::int64_t power = 1; taken < width; power *= 2) {
    add(lines, lines + power * stride, elements + (width - 2 * power) * stride);
    if ((width & (2 * power)) == 0) continue;
    add(sums, lines + taken * stride, elements);
    taken += 2 * power;
  }
}

/// For SpherePass and ColumnPass. Each row takes up one voxel more at both ends of the one before.
template <class Sum>
struct Sums {
  static constexpr Sum identity = 0;

  static Sum join(Sum a, Sum b) { return a + b; }

  static void widen(const Sum* lines, std::int64_t elements, std::int64_t radius, std::int64_t half,
                    std::int64_t shorter, Sum* plane) {
    const Sum* const centre = lines + radius;
    Sum* __restrict sum = plane;
    for (std::int64_t d = shorter + 1; d <= half; ++d) {
      const Sum* __restrict before = centre - d, * __restrict after = centre + d;
      if (d == 1)
        for (std::int64_t j = 0; j < elements; ++j) sum[j] = centre[j] + (before[j] + after[j]);
      else
        for (std::int64_t j = 0; j < elements; ++j) sum[j] += before[j] + after[j];
    }
  }
};

template <class T>
Body box(Work& work, const Window& window) {
  const Shape shape = work.shape();
  const Reach radius = window.radius;
  const auto along = [](std::int64_t r) {
    return [width = 2 * r + 1](float* lines, std::int64_t stride, std::int64_t elements,
                               float* sums) { windowed(lines, stride, elements, sums, width); };
  };
  const auto load = [](T value) { return static_cast<float>(value); };
  const auto mean = [share = 1 / static_cast<float>(window_size(window))](float sum) {
    return to_pixel<T>(sum * share);
  };
  const Pixels input = work.input(), output = work.output();
  if (radius.z == 0 && ColumnPass<float, Sums<float>>::takes(radius))
    return [=, columns = ColumnPass<float, Sums<float>>(work, shape, window)] {
      columns.run(input.as<T>(), output.as<T>(), load, mean);
    };
  const PlanePass<float> plane(work, shape, radius.x, radius.y);
  if (radius.z == 0)
    return [=] {
      plane.run(input.as<T>(), output.as<T>(), load, mean, along(radius.x), along(radius.y));
    };
  const auto depth = PlanePass<float>::along_z(work, shape, radius.z);
  const Pixels between = work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(float));
  return [=] {
    plane.run(input.as<T>(), between.as<float>(), load, std::identity(), along(radius.x),
              along(radius.y));
    depth.run(between.as<float>(), output.as<T>(), std::identity(), mean, along(0),
              along(radius.z));
  };
}

template <class T, class Sum>
Body sphere(Work& work, const Window& window) {
  const auto run = [=, input = work.input(), output = work.output(),
                    share = 1 / static_cast<Sum>(window_size(window))](const auto& pass) {
    pass.run(
        input.as<T>(), output.as<T>(), [](T value) { return static_cast<Sum>(value); },
        [share](Sum sum) { return to_pixel<T>(sum * share); });
  };
  if constexpr (std::is_same_v<Sum, float>)
    if (window.radius.z == 0 && ColumnPass<Sum, Sums<Sum>>::takes(window.radius))
      return [run, pass = ColumnPass<Sum, Sums<Sum>>(work, work.shape(), window)] { run(pass); };
  return [run, pass = SpherePass<Sum, Sums<Sum>>(work, work.shape(), window)] { run(pass); };
}

}  // namespace

Body mean(Work& work) {
  const Window window(work.parameters());
  const auto [x, y, z] = window.radius;
  // Sums one by one: of more values, float32's roundings would show.
  const bool small = x <= 16 && y <= 16 && z <= 4;
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    if (!window.sphere) return box<T>(work, window);
    return small ? sphere<T, float>(work, window) : sphere<T, double>(work, window);
  });
}

}  // namespace voxelmark::tbb_operations
