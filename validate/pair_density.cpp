#include "validate/pair_density.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace voxelmark {

namespace {

struct Pair {
  double reference, test;
  double mean() const { return 0.5 * reference + 0.5 * test; }
  double difference() const { return test - reference; }
};

/// Calls `visitor(local, pair)` for each finite pair, `local` being one of a few copies of
/// `initial` that threads have for themselves; gives these.
template <class T, class Local, class F>
tbb::enumerable_thread_specific<Local> for_each_pair(const Image& reference, const Image& test,
                                                     const Local& initial, const F& visitor) {
  tbb::enumerable_thread_specific<Local> locals(initial);
  const auto a = reference.pixels<T>(), b = test.pixels<T>();
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, a.size(), 1 << 14), [&](const auto& part) {
    Local& local = locals.local();
    for (std::size_t i = part.begin(); i != part.end(); ++i) {
      const Pair pair{static_cast<double>(a[i]), static_cast<double>(b[i])};
      if (std::isfinite(pair.reference) && std::isfinite(pair.test)) visitor(local, pair);
    }
  });
  return locals;
}

struct Extent {
  double least = std::numeric_limits<double>::max(), most = std::numeric_limits<double>::lowest();
  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

using Extents = std::array<Extent, 4>;  // reference, test, mean, difference

std::array<double, 4> values(const Pair& pair) {
  return {pair.reference, pair.test, pair.mean(), pair.difference()};
}

int cell(double value, const std::array<double, 2>& range, int count) {
  const double width = range[1] - range[0];
  if (!(width > 0)) return count / 2;  // one value alone stands in the middle
  return std::min(static_cast<int>((value - range[0]) / width * count), count - 1);
}

void count(Density& density, double x, double y) {
  ++density.counts[static_cast<std::size_t>(cell(y, density.y_range, Density::rows)) *
                       Density::columns +
                   cell(x, density.x_range, Density::columns)];
}

void add(Density& sum, const Density& part) {
  std::transform(part.counts.begin(), part.counts.end(), sum.counts.begin(), sum.counts.begin(),
                 std::plus<>());
}

template <class T>
PairDensity density_of(const Image& reference, const Image& test) {
  Extents all;
  for (const Extents& part :
       for_each_pair<T>(reference, test, Extents(), [](Extents&extents, const Pair&pair) {
         const auto of_pair = values(pair);
         for (std::size_t i = 0; i < extents.size(); ++i) extents[i].add(of_pair[i]);
       }))
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].add(part[i].least);
      all[i].add(part[i].most);
    }
  PairDensity empty;
  if (all[0].least > all[0].most) return empty;
  const auto range = [&](int i) { return std::array{all[i].least, all[i].most}; };
  empty.scatter.x_range = range(0);
  empty.scatter.y_range = range(1);
  empty.bland_altman.x_range = range(2);
  empty.bland_altman.y_range = range(3);
  PairDensity total = empty;
  for (const PairDensity& part :
       for_each_pair<T>(reference, test, empty, [](PairDensity&local, const Pair&pair) {
         ++local.n;
         count(local.scatter, pair.reference, pair.test);
         count(local.bland_altman, pair.mean(), pair.difference());
       })) {
    total.n += part.n;
    add(total.scatter, part.scatter);
    add(total.bland_altman, part.bland_altman);
  }
  return total;
}

}  // namespace

PairDensity pair_density(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape() || reference.dtype() != test.dtype())
    throw std::logic_error("density of pairs of images of different shape or type");
  return visit(reference.dtype(),
               [&]<class T>(std::type_identity<T>) { return density_of<T>(reference, test); });
}

}  // namespace voxelmark
