#pragma once
#include <vector>

#include "engines/tbb/plane_pass.hpp"

namespace voxelmark::tbb_operations {

/// Small windows within a slice, row by row of the output: the columns of all windows are joined
/// first, from the image's rows where they lie, then a window's columns into the output. Nothing
/// is copied, and what lies between the two steps is a few rows in the nearest cache. Strips are so
/// narrow that all rows of a window stay there, too.
///
/// Filter: `join(a, b)` of T.
template <class T, class Filter>
class ColumnPass {
 public:
  /// Columns to either side of the middle one, and voxels above and below, up to which this is
  /// quicker than the passes for any window.
  static constexpr std::int64_t most_columns = 2, most_rows = 3;

  static bool takes(const Reach& radius) {
    return radius.x <= most_columns && radius.y <= most_rows;
  }

  /// Only the window's slice z = 0 counts.
  ColumnPass(Work& work, const Shape& shape, const Window& window)
      : shape_(shape),
        radius_x_(window.radius.x),
        width_(std::min<std::int64_t>(2048 / sizeof(T), (shape.x + 63) / 64 * 64)),
        heights_(static_cast<std::size_t>(radius_x_ + 1), 0),
        scratch_(work.scratch_per_thread(static_cast<std::size_t>((radius_x_ + 1) * pitch()) *
                                         sizeof(T))) {
    for (const WindowRow& row : window_rows(window))
      if (row.z == 0)
        for (std::int64_t x = 0; x <= row.half; ++x) heights_[x] = std::max(heights_[x], row.y);
    nested_ = radius_x_ > 0 && heights_[0] == radius_x_;
    for (std::int64_t x = 0; x <= radius_x_; ++x) nested_ &= heights_[x] == radius_x_ - x;
  }

  /// load(In) gives T, store(T) or store(T, index) gives Out.
  template <class In, class Out, class Load, class Store>
  void run(const In* from, Out* to, const Load& load, const Store& store) const {
    for_each_tile(shape_, width_, 64, [&](const Tile& tile) {
      T* const scratch = scratch_.pixels<T>() + lead - radius_x_;
      for (std::int64_t y = tile.y; y < tile.y + tile.height; ++y) {
        std::array<const T*, most_columns + 1> columns{};
        join_columns(from, tile, y, load, scratch, columns);
        const std::int64_t at = offset(shape_, tile.x, y, tile.z);
        const std::int64_t next = std::min(y + heights_[0] + 1, shape_.y - 1);
        const In* const fetched = from + offset(shape_, tile.x, next, tile.z);
        switch (radius_x_) {
          case 0:
            join_windows<0>(columns, tile.width, to, at, store, fetched);
            break;
          case 1:
            join_windows<1>(columns, tile.width, to, at, store, fetched);
            break;
          default:
            join_windows<2>(columns, tile.width, to, at, store, fetched);
        }
      }
    });
  }

 private:
  /// Room before a tile's columns, so that vectors of them and of the image are aligned at once.
  static constexpr std::int64_t lead = 64;

  std::int64_t pitch() const { return width_ + 2 * lead; }

  /// columns[k][i] = the column k to the left or right of a window's middle, for the image's
  /// x = tile.x - radius + i. Columns of equal height are the same.
  template <class In, class Load>
  void join_columns(const In* from, const Tile& tile, std::int64_t y, const Load& load, T* scratch,
                    std::array<const T*, most_columns + 1>& columns) const {
    const std::int64_t left = tile.x - radius_x_, count = tile.width + 2 * radius_x_;
    const std::int64_t begin = std::max<std::int64_t>(0, -left),
                       end = std::min(count, shape_.x - left);
    const auto row = [&](std::int64_t dy) {
      return from + offset(shape_, left, std::clamp<std::int64_t>(y + dy, 0, shape_.y - 1), tile.z);
    };
    const std::array<const In*, 5> rows{row(0), row(-1), row(1), row(-2), row(2)};
    const auto pad = [&](T* column) {
      std::fill_n(column, begin, column[begin]);
      std::fill_n(column + end, count - end, column[end - 1]);
    };
    if (nested_) {
      for (std::int64_t k = 0; k <= radius_x_; ++k) columns[k] = scratch + k * pitch();
      if (radius_x_ == 1)
        nested_columns<1>(rows, begin, end, load, scratch, pitch());
      else
        nested_columns<2>(rows, begin, end, load, scratch, pitch());
      for (std::int64_t k = 0; k <= radius_x_; ++k) pad(scratch + k * pitch());
      return;
    }
    std::int64_t height = -1;  // of the column before
    for (std::int64_t k = radius_x_; k >= 0; --k) {
      if (heights_[k] == height) {
        columns[k] = columns[k + 1];
        continue;
      }
      T* const column = scratch + k * pitch();
      height = heights_[k];
      if (height == 0)
        join_rows<1>(rows, begin, end, load, column);
      else if (height == 1)
        join_rows<3>(rows, begin, end, load, column);
      else
        join_rows<5>(rows, begin, end, load, column);
      for (std::int64_t dy = 3; dy <= height; ++dy)
        join_two_more(row(-dy), row(dy), begin, end, load, column);
      pad(column);
      columns[k] = column;
    }
  }

  /// All columns of a sphere of radius 1 or 2, each of which is one voxel longer at both ends than
  /// the one further out.
  template <int radius, class In, class Load>
  static void nested_columns(const std::array<const In*, 5>& rows, std::int64_t begin,
                             std::int64_t end, const Load& load, T* scratch, std::int64_t pitch) {
    const std::array<const In*, 5> row = rows;
    T* __restrict outer = scratch + radius * pitch;
    T* __restrict inner = scratch + (radius - 1) * pitch;
    T* __restrict middle = scratch;
#pragma GCC ivdep
    for (std::int64_t i = begin; i < end; ++i) {
      const T one = load(row[0][i]);
      const T three = Filter::join(one, Filter::join(load(row[1][i]), load(row[2][i])));
      outer[i] = one;
      inner[i] = three;
      if constexpr (radius == 2)
        middle[i] = Filter::join(three, Filter::join(load(row[3][i]), load(row[4][i])));
    }
  }

  template <int n, class In, class Load>
  static void join_rows(const std::array<const In*, 5>& rows, std::int64_t begin, std::int64_t end,
                        const Load& load, T* column) {
    const std::array<const In*, 5> row = rows;
    T* __restrict result = column;
    for (std::int64_t i = begin; i < end; ++i) {
      T joined = load(row[0][i]);
      if constexpr (n >= 3)
        joined = Filter::join(joined, Filter::join(load(row[1][i]), load(row[2][i])));
      if constexpr (n >= 5)
        joined = Filter::join(joined, Filter::join(load(row[3][i]), load(row[4][i])));
      result[i] = joined;
    }
  }

  template <class In, class Load>
  static void join_two_more(const In* above, const In* below, std::int64_t begin, std::int64_t end,
                            const Load& load, T* column) {
    T* __restrict result = column;
    for (std::int64_t i = begin; i < end; ++i)
      result[i] = Filter::join(result[i], Filter::join(load(above[i]), load(below[i])));
  }

  /// Fetches the row that the next output needs, a part of it at a time.
  template <int radius, class In, class Out, class Store>
  static void join_windows(const std::array<const T*, most_columns + 1>& columns,
                           std::int64_t count, Out* to, std::int64_t at, const Store& store,
                           const In* fetched) {
    const Store own = store;
    const std::array<const T*, most_columns + 1> column = columns;
    Out* __restrict out = to + at;
    const auto part = [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        T joined = column[0][i + radius];
        if constexpr (radius >= 1)
          joined = Filter::join(joined,
                                Filter::join(column[1][i + radius - 1], column[1][i + radius + 1]));
        if constexpr (radius >= 2)
          joined = Filter::join(joined, Filter::join(column[2][i], column[2][i + 4]));
        out[i] = stored(own, joined, at + i);
      }
    };
    constexpr std::int64_t chunk = 128, line = 64 / static_cast<std::int64_t>(sizeof(In));
    std::int64_t i = 0;
    for (; i + chunk <= count; i += chunk) {
      for (std::int64_t j = i; j < i + chunk; j += line) __builtin_prefetch(fetched + j);
      part(i, i + chunk);
    }
    part(i, count);
  }

  Shape shape_;
  std::int64_t radius_x_, width_;
  /// By the distance from the middle column: how far the column reaches up and down.
  std::vector<std::int64_t> heights_;
  bool nested_;  ///< See nested_columns().
  ThreadScratch scratch_;
};

}  // namespace voxelmark::tbb_operations
