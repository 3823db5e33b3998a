#pragma once
#include "engines/tbb/plane_pass.hpp"

namespace voxelmark::tbb_operations {

/// The median of 3 x 3 voxels in a slice: columns of three are sorted, once for the three windows
/// that share them; the median is that of the greatest low, the middle middle and the least high
/// (Devillard 1998; Smith 1996). Of windows with NaN it is any of their voxels.
template <class T>
class MedianOfNine {
 public:
  MedianOfNine(Work& work, const Shape& shape)
      : shape_(shape),
        width_(std::min<std::int64_t>(16384 / sizeof(T), (shape.x + 63) / 64 * 64)),
        scratch_(work.scratch_per_thread(static_cast<std::size_t>(3 * pitch()) * sizeof(T))) {}

  void run(const T* from, T* to) const {
    for_each_tile(shape_, width_, 64, [&](const Tile& tile) {
      T* const low = scratch_.pixels<T>();
      for (std::int64_t y = tile.y; y < tile.y + tile.height; ++y) {
        sort_columns(from, tile, y, low, low + pitch(), low + 2 * pitch());
        medians(low, low + pitch(), low + 2 * pitch(), tile.width,
                to + offset(shape_, tile.x, y, tile.z),
                from + offset(shape_, tile.x, std::min(y + 2, shape_.y - 1), tile.z));
      }
    });
  }

 private:
  std::int64_t pitch() const { return width_ + 64; }

  /// low[i], middle[i] and high[i]: the column at x = tile.x - 1 + i, beyond an end that of the
  /// end.
  void sort_columns(const T* from, const Tile& tile, std::int64_t y, T* low, T* middle,
                    T* high) const {
    const std::int64_t left = tile.x - 1, count = tile.width + 2;
    const std::int64_t begin = std::max<std::int64_t>(0, -left),
                       end = std::min(count, shape_.x - left);
    const auto row = [&](std::int64_t dy) {
      return from + offset(shape_, left, std::clamp<std::int64_t>(y + dy, 0, shape_.y - 1), tile.z);
    };
    const T *above = row(-1), *here = row(0), *below = row(1);
    T* __restrict lows = low;
    T* __restrict middles = middle;
    T* __restrict highs = high;
#pragma GCC ivdep
    for (std::int64_t i = begin; i < end; ++i) {
      const T lesser = std::min(above[i], here[i]), greater = std::max(above[i], here[i]);
      const T rest = std::min(greater, below[i]);
      highs[i] = std::max(greater, below[i]);
      lows[i] = std::min(lesser, rest);
      middles[i] = std::max(lesser, rest);
    }
    for (T* const line : {low, middle, high}) {
      std::fill_n(line, begin, line[begin]);
      std::fill_n(line + end, count - end, line[end - 1]);
    }
  }

  static T middle_of(T a, T b, T c) {
    return std::max(std::min(a, b), std::min(std::max(a, b), c));
  }

  /// Fetches the row that the next output needs, a part of it at a time.
  static void medians(const T* low, const T* middle, const T* high, std::int64_t count, T* out,
                      const T* fetched) {
    T* __restrict result = out;
    const auto part = [&](std::int64_t first, std::int64_t last) {
#pragma GCC ivdep
      for (std::int64_t i = first; i < last; ++i) {
        const T greatest_low = std::max(std::max(low[i], low[i + 1]), low[i + 2]);
        const T least_high = std::min(std::min(high[i], high[i + 1]), high[i + 2]);
        result[i] =
            middle_of(greatest_low, middle_of(middle[i], middle[i + 1], middle[i + 2]), least_high);
      }
    };
    constexpr std::int64_t chunk = 128, line = 64 / static_cast<std::int64_t>(sizeof(T));
    std::int64_t i = 0;
    for (; i + chunk <= count; i += chunk) {
      for (std::int64_t j = i; j < i + chunk; j += line) __builtin_prefetch(fetched + j);
      part(i, i + chunk);
    }
    part(i, count);
  }

  Shape shape_;
  std::int64_t width_;
  ThreadScratch scratch_;
};

}  // namespace voxelmark::tbb_operations
