#include <cmath>

#include "engines/tbb/reductions.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// The table's one cell is f(first voxel, count).
template <class F>
Body reduction(Work& work, F f) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [input = work.input(), output = work.output(), voxels = work.shape().voxels(), f] {
      *output.as<double>() = f(static_cast<const T*>(input.as<T>()), voxels);
    };
  });
}

/// Exact up to the root: sqrt(n sum v^2 - (sum v)^2) / n.
template <std::integral T>
double standard_deviation(const T* from, std::int64_t count) {
  const IntegerSums sums = integer_sums<true>(from, count);
  const auto n = static_cast<IntegerSums::Squares>(count);
  const IntegerSums::Squares values = sums.values;
  return std::sqrt(static_cast<double>(n * sums.squares - values * values)) /
         static_cast<double>(count);
}

double standard_deviation(const float* from, std::int64_t count) {
  struct Sums {
    double deviations = 0, squares = 0;
  };
  const double n = static_cast<double>(count), mean = sum(from, count) / n;
  const Sums sums = reduce(
      from, count, Sums{},
      [mean](const float* first, std::int64_t part) {
        return Sums{sum_of_block(first, part, [mean](double value) { return value - mean; }),
                    sum_of_block(first, part,
                                 [mean](double value) { return (value - mean) * (value - mean); })};
      },
      [](const Sums& a, const Sums& b) {
        return Sums{a.deviations + b.deviations, a.squares + b.squares};
      });
  return std::sqrt(std::max(0.0, sums.squares - sums.deviations * sums.deviations / n) / n);
}

}  // namespace

Body sum_of_all_pixels(Work& work) {
  return reduction(work, [](const auto* from, std::int64_t count) { return sum(from, count); });
}

Body mean_of_all_pixels(Work& work) {
  return reduction(work, [](const auto* from, std::int64_t count) {
    return sum(from, count) / static_cast<double>(count);
  });
}

Body standard_deviation_of_all_pixels(Work& work) {
  return reduction(
      work, [](const auto* from, std::int64_t count) { return standard_deviation(from, count); });
}

Body minimum_of_all_pixels(Work& work) {
  return reduction(work, [](const auto* from, std::int64_t count) {
    return static_cast<double>(least(from, count));
  });
}

Body maximum_of_all_pixels(Work& work) {
  return reduction(work, [](const auto* from, std::int64_t count) {
    return static_cast<double>(greatest(from, count));
  });
}

}  // namespace voxelmark::tbb_operations
