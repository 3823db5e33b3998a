#pragma once
#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

/// Filters along one axis. A task gathers neighbouring lines side by side into scratch of type T,
/// with `radius` voxels more on both sides (the edge's, beyond the edge): rows that lie a power of
/// two apart would push each other out of the cache.
template <class T>
class AxisPass {
 public:
  /// `parts`: how many areas of the gathered lines' size the filter needs, theirs included.
  AxisPass(Work& work, const Shape& shape, int axis, std::int64_t radius, int parts)
      : shape_(shape),
        axis_(axis),
        radius_(radius),
        segment_(std::max<std::int64_t>(128, 2 * radius)),
        scratch_(work.scratch_per_thread(static_cast<std::size_t>(parts * area()) * sizeof(T))) {}

  /// load(In) gives T, store(T) gives Out. filter(lines, stride, elements, spare) has the gathered
  /// values in `lines`, neighbours along the axis `stride` apart, and gives back where it left
  /// results 0 … elements; result j belongs to the window that begins at lines[j] and ends at
  /// lines[j + 2 * radius * stride]. Areas behind the lines' begin at `spare`.
  template <class In, class Out, class Load, class Store, class Filter>
  void run(const In* from, Out* to, const Load& load, const Store& store,
           const Filter& filter) const {
    if (axis_ == 0)
      along_x(from, to, load, store, filter);
    else
      across(from, to, load, store, filter);
  }

 private:
  /// Neighbouring lines along y or z that one task takes.
  static constexpr std::int64_t lanes = 64;

  std::int64_t area() const {
    return axis_ == 0 ? shape_.x + 2 * radius_ : (segment_ + 2 * radius_) * lanes;
  }

  template <class In, class Out, class Load, class Store, class Filter>
  void along_x(const In* from, Out* to, const Load& load, const Store& store,
               const Filter& filter) const {
    for_each_row(shape_, [&](std::int64_t y, std::int64_t z) {
      const In* row = from + offset(shape_, 0, y, z);
      T* const lines = scratch_.pixels<T>();
      std::fill_n(lines, radius_, load(row[0]));
      std::transform(row, row + shape_.x, lines + radius_, load);
      std::fill_n(lines + radius_ + shape_.x, radius_, load(row[shape_.x - 1]));
      const T* results = filter(lines, std::int64_t{1}, shape_.x, lines + area());
      std::transform(results, results + shape_.x, to + offset(shape_, 0, y, z), store);
    });
  }

  template <class In, class Out, class Load, class Store, class Filter>
  void across(const In* from, Out* to, const Load& load, const Store& store,
              const Filter& filter) const {
    const bool along_y = axis_ == 1;
    const std::int64_t extent = along_y ? shape_.y : shape_.z;
    const std::int64_t others = along_y ? shape_.z : shape_.y;
    const std::int64_t stride = along_y ? shape_.x : shape_.x * shape_.y;
    const std::int64_t other_stride = along_y ? shape_.x * shape_.y : shape_.x;
    const std::int64_t segments = (extent + segment_ - 1) / segment_;
    const std::int64_t blocks = (shape_.x + lanes - 1) / lanes;
    tbb::parallel_for(std::int64_t{0}, others * segments * blocks, [&](std::int64_t task) {
      const std::int64_t x = task % blocks * lanes, first = task / blocks % segments * segment_;
      const std::int64_t base = task / blocks / segments * other_stride + x;
      const std::int64_t width = std::min(lanes, shape_.x - x);
      const std::int64_t count = std::min(segment_, extent - first);
      T* const lines = scratch_.pixels<T>();
      for (std::int64_t i = 0; i < count + 2 * radius_; ++i) {
        const std::int64_t line = std::clamp<std::int64_t>(first + i - radius_, 0, extent - 1);
        const In* source = from + base + line * stride;
        T* const end = std::transform(source, source + width, lines + i * lanes, load);
        std::fill_n(end, lanes - width, T{});
      }
      const T* results = filter(lines, lanes, count * lanes, lines + area());
      for (std::int64_t i = 0; i < count; ++i)
        std::transform(results + i * lanes, results + i * lanes + width,
                       to + base + (first + i) * stride, store);
    });
  }

  Shape shape_;
  int axis_;
  std::int64_t radius_, segment_;
  ThreadScratch scratch_;
};

}  // namespace voxelmark::tbb_operations
