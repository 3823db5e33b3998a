// Voxels that only move: turns, reslices, crops.
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
          for (std::int64_t n = n0; n < n1; ++n)
            for (std::int64_t x = x0; x < x1; ++x)
              result[n * to_stride[near] + x] = copy[(x - x0) * tile + n - n0];
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
