// Voxels that only move: turns, reslices, crops.
#include <cstring>

#include "engines/operations/crop.hpp"
#include "engines/operations/reslice.hpp"
#include "engines/operations/rotate.hpp"
#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Side of the tiles in which lines across memory are turned into rows, by way of a copy: rows that
/// lie a power of two apart would push each other out of the cache.
constexpr std::int64_t tile = 64;

template <class T>
void copy_rows(const T* from, T* to, const StridedView& view) {
  for_each_row(view.shape, [&](std::int64_t y, std::int64_t z) {
    const T* row = from + view.origin + y * view.stride[1] + z * view.stride[2];
    T* result = to + offset(view.shape, 0, y, z);
    if (view.stride[0] == 1)
      std::copy_n(row, view.shape.x, result);
    else
      std::reverse_copy(row - (view.shape.x - 1), row + 1, result);
  });
}

/// A square of 16 bytes a row.
template <class T>
struct Square {
  static constexpr int side = 16 / static_cast<int>(sizeof(T));
  typedef T Row [[gnu::vector_size(16)]];
  Row rows[side];  // std::array would drop the attribute

  /// Rows become columns: of a row and the one half a square below, values by turns make two rows;
  /// as often as the side can be halved.
  void transpose() {
    [&]<int... i>(std::integer_sequence<int, i...>) {
      for (int round = 1; round < side; round *= 2) {
        Row mixed[side];
        for (int k = 0; k < side / 2; ++k) {
          const Row a = rows[k], b = rows[k + side / 2];
          mixed[2 * k] = __builtin_shufflevector(a, b, (i / 2 + i % 2 * side)...);
          mixed[2 * k + 1] = __builtin_shufflevector(a, b, (i / 2 + side / 2 + i % 2 * side)...);
        }
        std::copy_n(mixed, side, rows);
      }
    }
    (std::make_integer_sequence<int, side>());
  }
};

/// result[n * pitch + x] = copy[x * tile + n] for x < width and n < height.
template <class T>
void turn(const std::array<T, tile * tile>& copy, std::int64_t width, std::int64_t height,
          T* result, std::int64_t pitch) {
  constexpr std::int64_t side = Square<T>::side;
  for (std::int64_t n = 0; n < height; n += side)
    for (std::int64_t x = 0; x < width; x += side) {
      if (x + side <= width && n + side <= height) {
        Square<T> square;
        for (std::int64_t i = 0; i < side; ++i)
          std::memcpy(&square.rows[i], &copy[(x + i) * tile + n], 16);
        square.transpose();
        for (std::int64_t i = 0; i < side; ++i)
          std::memcpy(result + (n + i) * pitch + x, &square.rows[i], 16);
        continue;
      }
      for (std::int64_t i = n; i < std::min(n + side, height); ++i)
        for (std::int64_t j = x; j < std::min(x + side, width); ++j)
          result[i * pitch + j] = copy[j * tile + i];
    }
}

/// Where the output's x runs across the input's rows: its other two axes are walked so that the
/// one along these rows shares a tile with x.
template <class T>
void copy_tiles(const T* from, T* to, const StridedView& view) {
  const Shape& shape = view.shape;
  const bool rows_along_y = view.stride[1] == 1 || view.stride[1] == -1;
  const int near = rows_along_y ? 1 : 2, far = rows_along_y ? 2 : 1;
  const std::int64_t near_extent = rows_along_y ? shape.y : shape.z,
                     far_extent = rows_along_y ? shape.z : shape.y;
  const std::array<std::int64_t, 3> to_stride{1, shape.x, shape.x * shape.y};
  const std::int64_t across = (near_extent + tile - 1) / tile, along = (shape.x + tile - 1) / tile;
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, far_extent * across * along, 8), [&](const auto& range) {
        for (auto task = range.begin(); task < range.end(); ++task) {
          const std::int64_t n0 = task % across * tile, x0 = task / across % along * tile,
                             f = task / along / across;
          const std::int64_t x1 = std::min(x0 + tile, shape.x),
                             n1 = std::min(n0 + tile, near_extent);
          const T* source = from + view.origin + f * view.stride[far];
          T* result = to + f * to_stride[far];
          std::array<T, tile * tile> copy;
          for (std::int64_t x = x0; x < x1; ++x) {
            const T* const row = source + n0 * view.stride[near] + x * view.stride[0];
            T* const copied = copy.data() + (x - x0) * tile;
            for (std::int64_t i = 0; i < tile; i += 64 / static_cast<std::int64_t>(sizeof(T)))
              __builtin_prefetch(row + (tile + i) * view.stride[near]);  // for the next tile
            if (view.stride[near] == 1)
              std::copy_n(row, n1 - n0, copied);
            else
              std::reverse_copy(row - (n1 - n0 - 1), row + 1, copied);
          }
          turn(copy, x1 - x0, n1 - n0, result + n0 * to_stride[near] + x0, to_stride[near]);
        }
      });
}

}  // namespace

Body copy_view(const Pixels& from, const Pixels& to, DType dtype, const StridedView& view) {
  return visit_grey(dtype, [&]<class T>(std::type_identity<T>) -> Body {
    return [=] {
      const bool keeps_rows = view.stride[0] == 1 || view.stride[0] == -1;
      (keeps_rows ? copy_rows<T> : copy_tiles<T>)(from.as<T>(), to.as<T>(), view);
    };
  });
}

Body rotate(Work& work) {
  return copy_view(work.input(), work.output(), work.dtype(),
                   turned(work.parameters(), work.shape()));
}

Body reslice(Work& work) {
  return copy_view(work.input(), work.output(), work.dtype(),
                   resliced(work.parameters(), work.shape()));
}

Body crop(Work& work) {
  return copy_view(work.input(), work.output(), work.dtype(),
                   part(work.shape(), cropped(work.parameters(), work.shape())));
}

}  // namespace voxelmark::tbb_operations
