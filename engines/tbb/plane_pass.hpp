#pragma once
#include "engines/tbb/tbb_operations.hpp"
#include "engines/tbb/vectorised.hpp"

namespace voxelmark::tbb_operations {

/// line[i] = load(the row's voxel x + i), beyond an end that of the end. Fetches the row below.
template <class In, class T, class Load>
void load_line(const In* row, std::int64_t extent, std::int64_t x, std::int64_t count, T* line,
               const Load& load) {
  const std::int64_t begin = std::max<std::int64_t>(0, -x), end = std::min(count, extent - x);
  for (std::int64_t i = begin; i < end; i += 64 / static_cast<std::int64_t>(sizeof(In)))
    __builtin_prefetch(row + x + i + extent);
  std::fill_n(line, begin, load(row[0]));
  for (std::int64_t i = begin; i < end; ++i) line[i] = load(row[x + i]);
  std::fill_n(line + end, count - end, load(row[extent - 1]));
}

/// store(value), or store(value, index) where it wants to know for which voxel of the output.
template <class Store, class T>
auto stored(const Store& store, T value, std::int64_t index) {
  if constexpr (std::is_invocable_v<Store, T, std::int64_t>)
    return store(value, index);
  else
    return store(value);
}

/// to[at + i] = store(results[i]).
template <class T, class Out, class Store>
void store_line(const T* results, std::int64_t count, Out* to, std::int64_t at,
                const Store& store) {
  const Store own = store;  // which stores of bytes cannot change
  Out* const out = to + at;
  for (std::int64_t i = 0; i < count; ++i) out[i] = stored(own, results[i], at + i);
}

/// Part of a slice that one task filters: so small that what lies between its steps stays in a
/// core's cache.
struct Tile {
  std::int64_t x, y, z, width, height;
};

/// f(Tile) for all tiles of at most `width` x `height` voxels, in vector code.
template <class F>
void for_each_tile(const Shape& shape, std::int64_t width, std::int64_t height, const F& f) {
  const std::int64_t across = (shape.x + width - 1) / width, down = (shape.y + height - 1) / height;
  tbb::parallel_for(std::int64_t{0}, across * down * shape.z, [&](std::int64_t task) {
    const std::int64_t x = task % across * width, y = task / across % down * height;
    const Tile tile{x, y, task / across / down, std::min(width, shape.x - x),
                    std::min(height, shape.y - y)};
    vectorised([&] { f(tile); });
  });
}

/// Filters along x and then along y, in strips that are walked downwards some rows at a time: rows
/// filtered along x never leave the cache. Strips are wide, since memory is read best in order.
template <class T>
class PlanePass {
 public:
  /// With radius x of 0 there is no filter along x.
  PlanePass(Work& work, const Shape& shape, std::int64_t radius_x, std::int64_t radius_y)
      : shape_(shape),
        radius_x_(radius_x),
        radius_y_(radius_y),
        width_(std::min<std::int64_t>((radius_y > 16 ? 2048 : 16384) / sizeof(T),
                                      (shape.x + 63) / 64 * 64)),
        pitch_(width_ * sizeof(T) % 1024 == 0 ? width_ + 64 : width_),
        height_(std::min(shape.y, std::max<std::int64_t>(64, 8 * radius_y))),
        step_(std::min(height_, std::max<std::int64_t>(8, 2 * radius_y))),
        scratch_(work.scratch_per_thread(
            static_cast<std::size_t>(line() + 2 * rows() + step_ * pitch_) * sizeof(T))) {}

  /// Along z of a volume alone: its other two axes are walked as one.
  static PlanePass along_z(Work& work, const Shape& shape, std::int64_t radius) {
    return {work, {shape.x * shape.y, shape.z, 1}, 0, radius};
  }

  /// load(In) gives T, store(T) or store(T, index) gives Out. filter_x and filter_y(lines, stride,
  /// elements, results) get values whose neighbours along the axis lie `stride` apart: results[j]
  /// is for the window that begins at lines[j] and ends at lines[j + 2 * radius * stride]; `stride`
  /// is 1 or a multiple of 64, `elements` a multiple of 64. They may write to all of `lines` and 64
  /// values beyond.
  template <class In, class Out, class Load, class Store, class FilterX, class FilterY>
  void run(const In* from, Out* to, const Load& load, const Store& store, const FilterX& filter_x,
           const FilterY& filter_y) const {
    for_each_tile(shape_, width_, height_, [&](const Tile& tile) {
      T* const line_x = scratch_.pixels<T>();
      T* lines = line_x + line();
      T* next = lines + rows();
      T* const results = next + rows();
      const std::int64_t halo = 2 * radius_y_, bottom = tile.y + tile.height;
      for (std::int64_t y = tile.y; y < bottom; y += step_, std::swap(lines, next)) {
        const std::int64_t count = std::min(step_, bottom - y);
        const std::int64_t known = y == tile.y ? 0 : halo;
        for (std::int64_t i = known; i < count + halo; ++i)
          filter_row(from, tile, y + i - radius_y_, load, filter_x, line_x, lines + i * pitch_);
        // The filter spoils its lines; the next rows need the last of them.
        if (y + step_ < bottom) std::copy_n(lines + step_ * pitch_, halo * pitch_, next);
        filter_y(lines, pitch_, count * pitch_, results);
        for (std::int64_t i = 0; i < count; ++i)
          store_line(results + i * pitch_, tile.width, to, offset(shape_, tile.x, y + i, tile.z),
                     store);
      }
    });
  }

 private:
  /// A line's room, whole vectors of it and one more than the line needs.
  std::int64_t line() const { return (width_ + 2 * radius_x_) / 64 * 64 + 128; }
  std::int64_t rows() const { return (step_ + 2 * radius_y_) * pitch_; }

  /// The row y, beyond the image's ends that of the end.
  template <class In, class Load, class FilterX>
  void filter_row(const In* from, const Tile& tile, std::int64_t y, const Load& load,
                  const FilterX& filter_x, T* line_x, T* row) const {
    const In* source =
        from + offset(shape_, 0, std::clamp<std::int64_t>(y, 0, shape_.y - 1), tile.z);
    const std::int64_t width = (tile.width + 63) / 64 * 64;  // as if the edge went on
    if (radius_x_ == 0) return load_line(source, shape_.x, tile.x, width, row, load);
    load_line(source, shape_.x, tile.x - radius_x_, width + 2 * radius_x_, line_x, load);
    filter_x(line_x, std::int64_t{1}, width, row);
  }

  Shape shape_;
  /// Lines lie `pitch_` apart: not a power of two, or they would push each other out of the cache.
  std::int64_t radius_x_, radius_y_, width_, pitch_, height_, step_;
  ThreadScratch scratch_;
};

}  // namespace voxelmark::tbb_operations
