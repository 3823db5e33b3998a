#include <functional>

#include "engines/tbb/axis_pass.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// means[j] = the mean of the `width` values from lines[j] on, each `stride` further. Sums of 1, 2,
/// 4, … values are put together as the width's binary digits say: pairwise sums keep rounding small
/// in a window of any width.
const float* windowed(float* lines, std::int64_t stride, std::int64_t elements, float* means,
                      std::int64_t width) {
  std::fill_n(means, elements, 0.0f);
  std::int64_t taken = 0;
  for (std::int64_t power = 1; taken < width; power *= 2) {
    if (width & power) {
      for (std::int64_t j = 0; j < elements; ++j) means[j] += lines[j + taken * stride];
      taken += power;
    }
    for (std::int64_t j = 0; j < elements + (width - 2 * power) * stride; ++j)
      lines[j] += lines[j + power * stride];
  }
  for (std::int64_t j = 0; j < elements; ++j) means[j] /= static_cast<float>(width);
  return means;
}

template <class T>
Body box(Work& work, const Reach& radius) {
  const std::array radii{radius.x, radius.y, radius.z};
  std::vector<int> axes;
  for (int axis = 0; axis < 3; ++axis)
    if (radii[axis] > 0) axes.push_back(axis);
  if (axes.empty()) axes.push_back(0);
  const Shape shape = work.shape();
  std::vector<AxisPass<float>> passes;
  std::vector<Pixels> between;
  for (const int axis : axes) {
    passes.emplace_back(work, shape, axis, radii[axis], 2);
    if (passes.size() < axes.size())
      between.push_back(work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(float)));
  }
  return [=, input = work.input(), output = work.output()] {
    const auto pass = [&](std::size_t i, const auto* from, auto* to) {
      const auto load = [](auto value) { return static_cast<float>(value); };
      const auto filter = [width = 2 * radii[axes[i]] + 1](float* lines, std::int64_t stride,
                                                           std::int64_t elements, float* spare) {
        return windowed(lines, stride, elements, spare, width);
      };
      passes[i].run(from, to, load, to_pixel<std::remove_pointer_t<decltype(to)>, float>, filter);
    };
    const T* first = input.as<T>();
    T* last = output.as<T>();
    if (between.empty()) return pass(0, first, last);
    pass(0, first, between[0].as<float>());
    if (between.size() == 2) pass(1, between[0].as<float>(), between[1].as<float>());
    pass(passes.size() - 1, between.back().as<float>(), last);
  };
}

/// A row of the window is a difference of two running sums, in double.
template <class T>
Body sphere(Work& work, const Window& window) {
  const Shape shape = work.shape();
  const std::int64_t radius = window.radius.x, sums = shape.x + 2 * radius + 1;
  const Pixels running =
      work.scratch(static_cast<std::size_t>(sums * shape.y * shape.z) * sizeof(double));
  const ThreadScratch totals =
      work.scratch_per_thread(static_cast<std::size_t>(shape.x) * sizeof(double));
  return [=, rows = window_rows(window), size = static_cast<double>(window_size(window)),
          input = work.input(), output = work.output()] {
    const T* from = input.as<T>();
    T* to = output.as<T>();
    double* const all = running.as<double>();
    const auto sums_of = [&](std::int64_t y, std::int64_t z) {
      return all + (z * shape.y + y) * sums;
    };
    for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
      const T* row = from + offset(shape, 0, y, z);
      double* const sum = sums_of(y, z);
      sum[0] = 0;
      for (std::int64_t i = 0; i + 1 < sums; ++i)
        sum[i + 1] =
            sum[i] + static_cast<double>(row[std::clamp<std::int64_t>(i - radius, 0, shape.x - 1)]);
    });
    for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
      double* const total = totals.pixels<double>();
      std::fill_n(total, shape.x, 0.0);
      for (const WindowRow& row : rows) {
        const double* sum = sums_of(std::clamp<std::int64_t>(y + row.y, 0, shape.y - 1),
                                    std::clamp<std::int64_t>(z + row.z, 0, shape.z - 1));
        const double *before = sum + radius - row.half, *after = sum + radius + row.half + 1;
        for (std::int64_t x = 0; x < shape.x; ++x) total[x] += after[x] - before[x];
      }
      std::transform(total, total + shape.x, to + offset(shape, 0, y, z),
                     [&](double value) { return to_pixel<T>(value / size); });
    });
  };
}

}  // namespace

Body mean(Work& work) {
  const Window window(work.parameters());
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return window.sphere ? sphere<T>(work, window) : box<T>(work, window.radius);
  });
}

}  // namespace voxelmark::tbb_operations
