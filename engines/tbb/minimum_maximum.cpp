#include <functional>
#include <map>
#include <utility>

#include "engines/tbb/axis_pass.hpp"

namespace voxelmark::tbb_operations {

namespace {

template <Extreme which, class T>
T pick(T a, T b) {
  return (which == Extreme::minimum ? b < a : b > a) ? b : a;
}

/// lines[j] = the extreme of the `width` values from j on, each `stride` further: by windows of 1,
/// 2, 4, … values, and of the last such ones two that overlap.
template <Extreme which, class T>
const T* windowed(T* lines, std::int64_t stride, std::int64_t elements, std::int64_t width) {
  const auto widen = [&](std::int64_t shift, std::int64_t count) {
    for (std::int64_t j = 0; j < count; ++j)
      lines[j] = pick<which>(lines[j], lines[j + shift * stride]);
  };
  std::int64_t reached = 1;
  for (; 2 * reached <= width; reached *= 2)
    widen(reached, elements + (width - 2 * reached) * stride);
  if (reached < width) widen(width - reached, elements);
  return lines;
}

/// Axes that a box has to visit; at least one, for the copy.
std::vector<int> axes_of(const std::array<std::int64_t, 3>& radii) {
  std::vector<int> axes;
  for (int axis = 0; axis < 3; ++axis)
    if (radii[axis] > 0) axes.push_back(axis);
  if (axes.empty()) axes.push_back(0);
  return axes;
}

template <Extreme which, class In, class T, class Load>
Body box(Work& work, const Pixels& from, const Pixels& to, const Shape& shape, const Reach& radius,
         const Load& load) {
  // Beyond the image's far edge a window sees nothing new.
  const std::array radii{std::min(radius.x, shape.x - 1), std::min(radius.y, shape.y - 1),
                         std::min(radius.z, shape.z - 1)};
  const auto axes = axes_of(radii);
  std::vector<AxisPass<T>> passes;
  std::vector<Pixels> images;  // after each pass
  for (std::size_t i = 0; i < axes.size(); ++i) {
    passes.emplace_back(work, shape, axes[i], radii[axes[i]], 1);
    images.push_back(i + 1 == axes.size()
                         ? to
                         : work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(T)));
  }
  return [=] {
    for (std::size_t i = 0; i < passes.size(); ++i) {
      const auto filter = [width = 2 * radii[axes[i]] + 1](T* lines, std::int64_t stride,
                                                           std::int64_t elements, T*) {
        return windowed<which>(lines, stride, elements, width);
      };
      T* result = images[i].template as<T>();
      if (i == 0)
        passes[i].run(from.as<In>(), result, load, std::identity(), filter);
      else
        passes[i].run(images[i - 1].template as<T>(), result, std::identity(), std::identity(),
                      filter);
    }
  };
}

/// Rows of the window that are equally long share a pass along x.
template <Extreme which, class In, class T, class Load>
Body sphere(Work& work, const Pixels& from, const Pixels& to, const Shape& shape,
            const Window& window, const Load& load) {
  using Rows = std::vector<std::pair<std::int64_t, std::int64_t>>;  // offsets y and z
  std::map<std::int64_t, Rows, std::greater<>> by_half;
  for (const WindowRow& row : window_rows(window))
    by_half[std::min(row.half, shape.x - 1)].emplace_back(row.y, row.z);
  const std::int64_t radius = by_half.begin()->first;
  const AxisPass<T> along_x(work, shape, 0, radius, 1);
  const Pixels widened = work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(T));
  return [=] {
    T* const rows = widened.as<T>();
    T* const result = to.as<T>();
    for (const auto& [half, offsets] : by_half) {
      along_x.run(from.as<In>(), rows, load, std::identity(),
                  [radius, half](T* lines, std::int64_t stride, std::int64_t elements, T*) {
                    return windowed<which>(lines + radius - half, stride, elements, 2 * half + 1);
                  });
      for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
        T* const out = result + offset(shape, 0, y, z);
        bool empty = half == radius;  // the longest rows, the middle one among them, come first
        for (const auto& [dy, dz] : offsets) {
          // Rows outside may be left out: the edge's own row of the window is no shorter.
          if (y + dy < 0 || y + dy >= shape.y || z + dz < 0 || z + dz >= shape.z) continue;
          const T* const row = rows + offset(shape, 0, y + dy, z + dz);
          if (std::exchange(empty, false))
            std::copy_n(row, shape.x, out);
          else
            for (std::int64_t x = 0; x < shape.x; ++x) out[x] = pick<which>(out[x], row[x]);
        }
      });
    }
  };
}

template <Extreme which, class In, class T, class Load>
Body filter(Work& work, const Pixels& from, const Pixels& to, const Shape& shape,
            const Window& window, const Load& load) {
  return window.sphere ? sphere<which, In, T>(work, from, to, shape, window, load)
                       : box<which, In, T>(work, from, to, shape, window.radius, load);
}

template <class In, class T, class Load>
Body filter(Work& work, Extreme which, const Pixels& from, const Pixels& to, const Shape& shape,
            const Window& window, const Load& load) {
  return which == Extreme::minimum
             ? filter<Extreme::minimum, In, T>(work, from, to, shape, window, load)
             : filter<Extreme::maximum, In, T>(work, from, to, shape, window, load);
}

Body filter(Work& work, Extreme which) {
  return extreme(work, which, work.input(), work.output(), work.dtype(), work.shape(),
                 work.parameters());
}

Body filter_mask(Work& work, Extreme which) {
  return binary_extreme(work, which, work.input(), work.dtype(), work.output(), work.shape(),
                        work.parameters());
}

}  // namespace

Body extreme(Work& work, Extreme which, const Pixels& from, const Pixels& to, DType type,
             const Shape& shape, const Window& window) {
  return visit_grey(type, [&]<class T>(std::type_identity<T>) {
    return filter<T, T>(work, which, from, to, shape, window, std::identity());
  });
}

Body binary_extreme(Work& work, Extreme which, const Pixels& from, DType from_type,
                    const Pixels& to, const Shape& shape, const Window& window) {
  return visit_grey(from_type, [&]<class In>(std::type_identity<In>) {
    return filter<In, std::uint8_t>(work, which, from, to, shape, window,
                                    [](In value) { return std::uint8_t{value != 0}; });
  });
}

Body minimum(Work& work) { return filter(work, Extreme::minimum); }
Body maximum(Work& work) { return filter(work, Extreme::maximum); }
Body erode(Work& work) { return filter_mask(work, Extreme::minimum); }
Body dilate(Work& work) { return filter_mask(work, Extreme::maximum); }

}  // namespace voxelmark::tbb_operations
