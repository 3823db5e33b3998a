#pragma once
#include <map>
#include <vector>

#include "engines/tbb/plane_pass.hpp"

namespace voxelmark::tbb_operations {

/// Filters whose window is a sphere, tile by tile. Rows of the window that are equally long share
/// a filter along x; its results join the outputs above and below at once, those in other slices
/// too, which wait in a ring until their last slice has come.
///
/// Filter: `identity` and `join(a, b)` of T, and widen(lines, elements, radius, half, shorter,
/// plane): plane[j] = what lines[j + radius - half ... j + radius + half] join to. It may change
/// `lines` and 64 values beyond, and count on what it left there and in `plane` for the half length
/// `shorter` (-1: none).
template <class T, class Filter>
class SpherePass {
 public:
  SpherePass(Work& work, const Shape& shape, const Window& window)
      : shape_(shape),
        radius_(window.radius),
        width_(std::min<std::int64_t>((radius_.z > 0   ? 512
                                       : radius_.y > 4 ? 4096
                                                       : 16384) /
                                          sizeof(T),
                                      (shape.x + 63) / 64 * 64)),
        height_(std::min(shape.y, std::max<std::int64_t>(radius_.z > 0 ? 32 : 16, 4 * radius_.y))),
        scratch_(work.scratch_per_thread(static_cast<std::size_t>(2 * area() + ring() * results()) *
                                         sizeof(T))) {
    for (const WindowRow& row : window_rows(window))
      if (row.y >= 0) by_half_[row.half][row.z].push_back(row.y);
  }

  /// load(In) gives T, store(T) or store(T, index) gives Out.
  template <class In, class Out, class Load, class Store>
  void run(const In* from, Out* to, const Load& load, const Store& store) const {
    const std::int64_t segments = (shape_.z + segment - 1) / segment;
    for_each_tile({shape_.x, shape_.y, segments}, width_, height_, [&](Tile tile) {
      T* const lines = scratch_.pixels<T>();
      const std::int64_t first = tile.z * segment, last = std::min(first + segment, shape_.z);
      const auto result = [&](std::int64_t z) {
        return lines + 2 * area() + (z - first) % ring() * results();
      };
      for (std::int64_t z = first; z < std::min(first + ring(), last); ++z)
        std::fill_n(result(z), results(), Filter::identity);
      for (std::int64_t z = first - radius_.z; z < last + radius_.z; ++z) {
        tile.z = std::clamp<std::int64_t>(z, 0, shape_.z - 1);
        load_tile(from, load, tile, lines);
        std::int64_t shorter = 0;
        for (const auto& [half, slices] : by_half_) {
          const T* plane = lines + radius_.x;  // rows of one voxel need no filter
          if (half > 0) {
            plane = lines + area();
            Filter::widen(lines, area() - 2 * radius_.x, radius_.x, half, shorter, lines + area());
          }
          shorter = half;
          for (const auto& [dz, offsets] : slices)
            if (z - dz >= first && z - dz < last)
              for (const std::int64_t dy : offsets) join(plane, dy, tile.height, result(z - dz));
        }
        if (const std::int64_t done = z - radius_.z; done >= first) {
          store_tile(result(done), to, store, tile, done);
          std::fill_n(result(done), results(), Filter::identity);
        }
      }
    });
  }

 private:
  /// Slices that one task makes.
  static constexpr std::int64_t segment = 32;

  std::int64_t pitch() const { return width_ + 2 * radius_.x; }
  std::int64_t area() const { return (height_ + 2 * radius_.y) * pitch(); }
  std::int64_t results() const { return height_ * width_; }
  std::int64_t ring() const { return std::min(2 * radius_.z + 1, segment); }

  template <class In, class Load>
  void load_tile(const In* from, const Load& load, const Tile& tile, T* lines) const {
    for (std::int64_t i = 0; i < tile.height + 2 * radius_.y; ++i) {
      const std::int64_t y = std::clamp<std::int64_t>(tile.y + i - radius_.y, 0, shape_.y - 1);
      load_line(from + offset(shape_, 0, y, tile.z), shape_.x, tile.x - radius_.x, pitch(),
                lines + i * pitch(), load);
    }
  }

  /// The rows of `plane` that lie dy above and below.
  void join(const T* plane, std::int64_t dy, std::int64_t height, T* results) const {
    const std::int64_t width = width_;
    for (std::int64_t i = 0; i < height; ++i) {
      const T* const above = plane + (i + radius_.y - dy) * pitch();
      const T* const below = plane + (i + radius_.y + dy) * pitch();
      T* const result = results + i * width;
      if (dy == 0)
        for (std::int64_t x = 0; x < width; ++x) result[x] = Filter::join(result[x], above[x]);
      else
        for (std::int64_t x = 0; x < width; ++x)
          result[x] = Filter::join(result[x], Filter::join(above[x], below[x]));
    }
  }

  template <class Out, class Store>
  void store_tile(const T* results, Out* to, const Store& store, const Tile& tile,
                  std::int64_t z) const {
    for (std::int64_t i = 0; i < tile.height; ++i)
      store_line(results + i * width_, tile.width, to, offset(shape_, tile.x, tile.y + i, z),
                 store);
  }

  Shape shape_;
  Reach radius_;
  std::int64_t width_, height_;
  /// Offsets y, 0 and above, of the window's rows by their half length and their slice.
  std::map<std::int64_t, std::map<std::int64_t, std::vector<std::int64_t>>> by_half_;
  ThreadScratch scratch_;
};

}  // namespace voxelmark::tbb_operations
