#include "engines/operations/projection.hpp"

#include <array>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Each statistic: the accumulator's type, where it starts, how a value joins, and the result.

template <class T, bool largest>
struct Extreme {
  using Accumulator = T;
  static constexpr T start =
      std::is_floating_point_v<T>
          ? std::numeric_limits<T>::quiet_NaN()  // which loses against any number
          : (largest ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max());
  static T join(T best, T value) {
    return (largest ? value > best : value < best) | is_nan(best) ? value : best;
  }
  static T result(T best, std::int64_t) { return best; }
};

template <class T, class Out, bool mean>
struct Total {
  using Accumulator = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
  static constexpr Accumulator start = 0;
  static Accumulator join(Accumulator sum, T value) {
    return sum + static_cast<Accumulator>(value);
  }
  static Out result(Accumulator sum, std::int64_t count) {
    if constexpr (mean)
      return static_cast<Out>(static_cast<double>(sum) / static_cast<double>(count));
    else if constexpr (std::is_integral_v<Out>)
      return static_cast<Out>(
          std::min<Accumulator>(sum, static_cast<Accumulator>(std::numeric_limits<Out>::max())));
    else
      return static_cast<Out>(sum);
  }
};

/// Columns that one task takes: its accumulators stay in the first-level cache.
constexpr std::int64_t block = 1024;

/// Along y or z. The output's rows are `lines` of `columns` side by side; the voxels of a column
/// lie `columns` apart.
template <class S, class T, class Out>
void project_columns(const T* from, Out* to, std::int64_t lines, std::int64_t columns,
                     std::int64_t extent) {
  const std::int64_t blocks = (columns + block - 1) / block;
  tbb::parallel_for(std::int64_t{0}, lines * blocks, [=](std::int64_t task) {
    const std::int64_t line = task / blocks, first = task % blocks * block;
    const std::int64_t count = std::min(block, columns - first);
    const T* source = from + line * columns * extent + first;
    Out* result = to + line * columns + first;
    std::array<typename S::Accumulator, block> sums;
    sums.fill(S::start);
    for (std::int64_t i = 0; i < extent; ++i)
      for (std::int64_t x = 0; x < count; ++x) sums[x] = S::join(sums[x], source[i * columns + x]);
    for (std::int64_t x = 0; x < count; ++x) result[x] = S::result(sums[x], extent);
  });
}

/// The largest along x, in lanes side by side.
template <class T>
void project_rows(const T* from, T* to, const Shape& shape) {
  using S = Extreme<T, true>;
  constexpr std::int64_t lanes = 64;
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    const T* row = from + offset(shape, 0, y, z);
    std::array<T, lanes> best;
    best.fill(S::start);
    std::int64_t x = 0;
    for (; x + lanes <= shape.x; x += lanes)
      for (std::int64_t i = 0; i < lanes; ++i) best[i] = S::join(best[i], row[x + i]);
    for (std::int64_t i = 0; x + i < shape.x; ++i) best[i] = S::join(best[i], row[x + i]);
    T all = S::start;
    for (const T value : best) all = S::join(all, value);
    to[y * shape.z + z] = all;
  });
}

template <template <class> class S>
Body along_columns(Work& work, bool along_y) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    using Out = decltype(S<T>::result(S<T>::start, 1));
    return [=, from = work.input(), to = work.output(), shape = work.shape()] {
      const std::int64_t columns = along_y ? shape.x : shape.x * shape.y;
      project_columns<S<T>>(from.as<T>(), to.as<Out>(), along_y ? shape.z : 1, columns,
                            along_y ? shape.y : shape.z);
    };
  });
}

template <class T>
using Largest = Extreme<T, true>;
template <class T>
using Smallest = Extreme<T, false>;
template <class T>
using Mean = Total<T, float, true>;
template <class T>
using Sum = Total<T, std::conditional_t<std::is_integral_v<T>, std::uint32_t, float>, false>;

}  // namespace

Body maximum_x_projection(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [from = work.input(), to = work.output(), shape = work.shape()] {
      project_rows(from.as<T>(), to.as<T>(), shape);
    };
  });
}

Body maximum_y_projection(Work& work) { return along_columns<Largest>(work, true); }
Body maximum_z_projection(Work& work) { return along_columns<Largest>(work, false); }
Body minimum_z_projection(Work& work) { return along_columns<Smallest>(work, false); }
Body mean_z_projection(Work& work) { return along_columns<Mean>(work, false); }
Body sum_z_projection(Work& work) { return along_columns<Sum>(work, false); }

}  // namespace voxelmark::tbb_operations
