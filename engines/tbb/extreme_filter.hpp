#pragma once
#include <array>
#include <bit>
#include <functional>

#include "engines/tbb/column_pass.hpp"
#include "engines/tbb/sphere_pass.hpp"

namespace voxelmark::tbb_operations {

/// The lesser or the greater.
template <Extreme which, class T>
T pick(T a, T b) {
  return (which == Extreme::minimum ? b < a : b > a) ? b : a;
}

/// lines[j] = the extreme of it and lines[j + shift], in blocks that are read before they are
/// written: otherwise the compiler, which does not know the shift, could not use vectors. The last
/// block reaches beyond `elements`.
template <Extreme which, class T>
void double_windows(T* lines, std::int64_t shift, std::int64_t elements) {
  constexpr std::int64_t lanes = 64;
  for (std::int64_t j = 0; j < elements; j += lanes) {
    std::array<T, lanes> block;
    for (std::int64_t i = 0; i < lanes; ++i)
      block[i] = pick<which>(lines[j + i], lines[j + shift + i]);
    std::copy_n(block.begin(), lanes, lines + j);
  }
}

/// results[j] = the extreme of `windows` windows of `reached` values, which make up one of `width`
/// values from lines[j] on; the last one may overlap the one before.
template <Extreme which, int windows, class T>
void join_windows(const T* lines, std::int64_t stride, std::int64_t elements, T* results,
                  std::int64_t width, std::int64_t reached) {
  const T* window[windows];
  for (int i = 0; i < windows; ++i)
    window[i] = lines + std::min(i * reached, width - reached) * stride;
  for (std::int64_t j = 0; j < elements; ++j) {
    T best = window[0][j];
#pragma GCC unroll 5
    for (int i = 1; i < windows; ++i) best = pick<which>(best, window[i][j]);
    results[j] = best;
  }
}

/// results[j] = the extreme of the `width` values from lines[j] on, each `stride` further: by
/// windows of 1, 2, 4, ... values, up to five of which then make up one.
template <Extreme which, class T>
void extremes_along(T* lines, std::int64_t stride, std::int64_t elements, T* results,
                    std::int64_t width) {
  std::int64_t reached = 1;
  for (; 5 * reached < width; reached *= 2)
    double_windows<which>(lines, reached * stride, elements + (width - 2 * reached) * stride);
  switch ((width + reached - 1) / reached) {
    case 1:
      return join_windows<which, 1>(lines, stride, elements, results, width, reached);
    case 3:
      return join_windows<which, 3>(lines, stride, elements, results, width, reached);
    case 4:
      return join_windows<which, 4>(lines, stride, elements, results, width, reached);
    default:
      return join_windows<which, 5>(lines, stride, elements, results, width, reached);
  }
}

/// For PlanePass.
template <Extreme which, class T>
auto extremes_within(std::int64_t radius) {
  return
      [width = 2 * radius + 1](T* lines, std::int64_t stride, std::int64_t elements, T* results) {
        extremes_along<which>(lines, stride, elements, results, width);
      };
}

/// For SpherePass and ColumnPass. Windows grow by doubling; the last step joins two that overlap.
template <Extreme which, class T>
struct Widest {
  using Limits = std::numeric_limits<T>;
  static constexpr T highest = Limits::has_infinity ? Limits::infinity() : Limits::max(),
                     lowest = Limits::has_infinity ? -Limits::infinity() : Limits::lowest(),
                     identity = which == Extreme::minimum ? highest : lowest;

  static T join(T a, T b) { return pick<which>(a, b); }

  static void widen(T* lines, std::int64_t elements, std::int64_t radius, std::int64_t half,
                    std::int64_t shorter, T* plane) {
    const auto reach = [](std::int64_t h) {  // the largest power of two in a row
      return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(2 * h + 1)));
    };
    const std::int64_t reached = reach(half);
    for (std::int64_t n = reach(shorter); n < reached; n *= 2)
      double_windows<which>(lines, n, elements + 2 * radius + 1 - 2 * n);
    const T* __restrict low = lines + radius - half;
    const T* __restrict high = lines + radius + half + 1 - reached;
    T* __restrict result = plane;
    for (std::int64_t j = 0; j < elements; ++j) result[j] = pick<which>(low[j], high[j]);
  }
};

/// Along x and y. `finish()` gives what stores results, when the step runs; see PlanePass.
template <Extreme which, class In, class T, class Load, class Finish>
Body box_in_plane(Work& work, const Pixels& from, const Pixels& to, const Shape& shape,
                  const Reach& radius, const Load& load, const Finish& finish) {
  using Columns = ColumnPass<T, Widest<which, T>>;
  if (Columns::takes(radius))
    return [=, pass = Columns(work, shape, Window(false, {radius.x, radius.y, 0}))] {
      pass.run(from.as<In>(), to.as<T>(), load, finish());
    };
  return [=, pass = PlanePass<T>(work, shape, radius.x, radius.y)] {
    pass.run(from.as<In>(), to.as<T>(), load, finish(), extremes_within<which, T>(radius.x),
             extremes_within<which, T>(radius.y));
  };
}

template <Extreme which, class In, class T, class Load, class Finish>
Body box_extreme(Work& work, const Pixels& from, const Pixels& to, const Shape& shape,
                 const Reach& radius, const Load& load, const Finish& finish) {
  if (radius.z == 0) return box_in_plane<which, In, T>(work, from, to, shape, radius, load, finish);
  const Pixels between = work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(T));
  const Body plane = box_in_plane<which, In, T>(work, from, between, shape, radius, load,
                                                [] { return std::identity(); });
  return [=, depth = PlanePass<T>::along_z(work, shape, radius.z)] {
    plane();
    depth.run(between.as<T>(), to.as<T>(), std::identity(), finish(), extremes_within<which, T>(0),
              extremes_within<which, T>(radius.z));
  };
}

/// Each window's extreme of load(voxel), of type T, as what finish() gives stores it.
template <Extreme which, class In, class T, class Load, class Finish>
Body extreme_filter(Work& work, const Pixels& from, const Pixels& to, const Shape& shape,
                    const Window& window, const Load& load, const Finish& finish) {
  if (!window.sphere) {
    // Beyond the image's far edge a window sees nothing new.
    const auto [x, y, z] = window.radius;
    return box_extreme<which, In, T>(
        work, from, to, shape,
        {std::min(x, shape.x - 1), std::min(y, shape.y - 1), std::min(z, shape.z - 1)}, load,
        finish);
  }
  using Columns = ColumnPass<T, Widest<which, T>>;
  if (window.radius.z == 0 && Columns::takes(window.radius))
    return [=, pass = Columns(work, shape, window)] {
      pass.run(from.as<In>(), to.as<T>(), load, finish());
    };
  return [=, pass = SpherePass<T, Widest<which, T>>(work, shape, window)] {
    pass.run(from.as<In>(), to.as<T>(), load, finish());
  };
}

}  // namespace voxelmark::tbb_operations
