#include <array>
#include <bit>
#include <functional>

#include "engines/tbb/sphere_pass.hpp"

namespace voxelmark::tbb_operations {

namespace {

template <Extreme which, class T>
T pick(T a, T b) {
  return (which == Extreme::minimum ? b < a : b > a) ? b : a;
}

/// lines[j] = the extreme of it and lines[j + shift], in blocks that are read before they are
/// written: otherwise the compiler, which does not know the shift, could not use vectors. The last
/// block reaches beyond `elements`.
template <Extreme which, class T>
void widen(T* lines, std::int64_t shift, std::int64_t elements) {
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
void join(const T* lines, std::int64_t stride, std::int64_t elements, T* results,
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
void windowed(T* lines, std::int64_t stride, std::int64_t elements, T* results,
              std::int64_t width) {
  std::int64_t reached = 1;
  for (; 5 * reached < width; reached *= 2)
    widen<which>(lines, reached * stride, elements + (width - 2 * reached) * stride);
  switch ((width + reached - 1) / reached) {
    case 1:
      return join<which, 1>(lines, stride, elements, results, width, reached);
    case 3:
      return join<which, 3>(lines, stride, elements, results, width, reached);
    case 4:
      return join<which, 4>(lines, stride, elements, results, width, reached);
    default:
      return join<which, 5>(lines, stride, elements, results, width, reached);
  }
}

template <Extreme which, class In, class T, class Load>
Body box(Work& work, const Pixels& from, const Pixels& to, const Shape& shape, const Reach& radius,
         const Load& load) {
  const PlanePass<T> plane(work, shape, radius.x, radius.y);
  const auto along = [](std::int64_t r) {
    return [width = 2 * r + 1](T* lines, std::int64_t stride, std::int64_t elements, T* results) {
      windowed<which>(lines, stride, elements, results, width);
    };
  };
  if (radius.z == 0)
    return [=] {
      plane.run(from.as<In>(), to.as<T>(), load, std::identity(), along(radius.x), along(radius.y));
    };
  const auto depth = PlanePass<T>::along_z(work, shape, radius.z);
  const Pixels between = work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(T));
  return [=] {
    plane.run(from.as<In>(), between.as<T>(), load, std::identity(), along(radius.x),
              along(radius.y));
    depth.run(between.as<T>(), to.as<T>(), std::identity(), std::identity(), along(0),
              along(radius.z));
  };
}

/// For SpherePass. Windows grow by doubling; the last step joins two that overlap.
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
      tbb_operations::widen<which>(lines, n, elements + 2 * radius + 1 - 2 * n);
    const T* __restrict low = lines + radius - half;
    const T* __restrict high = lines + radius + half + 1 - reached;
    T* __restrict result = plane;
    for (std::int64_t j = 0; j < elements; ++j) result[j] = pick<which>(low[j], high[j]);
  }
};

template <Extreme which, class In, class T, class Load>
Body filter(Work& work, const Pixels& from, const Pixels& to, const Shape& shape,
            const Window& window, const Load& load) {
  if (!window.sphere) {
    // Beyond the image's far edge a window sees nothing new.
    const auto [x, y, z] = window.radius;
    return box<which, In, T>(
        work, from, to, shape,
        {std::min(x, shape.x - 1), std::min(y, shape.y - 1), std::min(z, shape.z - 1)}, load);
  }
  return [=, pass = SpherePass<T, Widest<which, T>>(work, shape, window)] {
    pass.run(from.as<In>(), to.as<T>(), load, std::identity());
  };
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
