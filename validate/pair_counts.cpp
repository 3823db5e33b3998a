#include "validate/pair_counts.hpp"

#include <tbb/parallel_reduce.h>

namespace voxelmark::plots {

Bounds bounds_of(const PairSource& pairs) {
  return tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, pairs.count, grain), Bounds{},
      [&](const auto& range, Bounds bounds) {
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
          const auto [x, y] = pairs.at(i);
          bounds.x.add(x);
          bounds.y.add(y);
        }
        return bounds;
      },
      [](Bounds a, const Bounds& b) {
        a.x.add(b.x);
        a.y.add(b.y);
        return a;
      });
}

}  // namespace voxelmark::plots
