#include "engines/core/distance_transform.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <vector>

namespace voxelmark {

namespace {

/// Lines that one task takes side by side, so that it reads and writes whole cache lines.
std::int64_t lanes(const Shape& shape) { return std::min<std::int64_t>(16, shape.x); }

/// A labelled voxel of a line: the nearest one across the axes done before, and of those equally
/// near the one of the lowest label.
struct Site {
  std::int64_t squared;
  std::uint32_t label;
};

/// One line at a time: which site is the nearest from where on.
struct Envelope {
  struct Part {
    std::int64_t site, from;
  };
  Part* parts;
  std::int64_t count = 0;

  /// Later sites must come later. For two sites the positions where the later one is nearer, or
  /// equally near with the lower label, reach from some position to the line's end: w (q - i)^2
  /// exceeds w (q - j)^2 by 2 w (j - i) q and a constant.
  void add(const Site* sites, std::int64_t j, std::int64_t weight, std::int64_t extent) {
    std::int64_t from = 0;
    for (; count > 0; --count) {
      const std::int64_t i = parts[count - 1].site;
      const std::int64_t constant =
          weight * (j - i) * (j + i) + (sites[j].squared - sites[i].squared);
      const std::int64_t slope = 2 * weight * (j - i);
      // The least q with slope * q > constant, or >= where a tie is the later one's.
      const std::int64_t bound = sites[j].label < sites[i].label ? constant - 1 : constant;
      from = bound < 0 ? 0 : bound / slope + 1;
      if (from > parts[count - 1].from) break;
    }
    if (count == 0) from = 0;
    if (from < extent) parts[count++] = {j, from};
  }
};

/// In x the sites are the labelled voxels themselves, so a sweep each way finds the nearest.
template <class T>
void along_x(const T* seeds, std::int64_t width, std::int64_t weight, std::uint32_t* labels,
             std::int64_t* squared, std::uint32_t* row) {
  std::copy_n(seeds, width, row);  // seeds may be labels
  constexpr std::int64_t none = -1;
  std::int64_t left = none;
  for (std::int64_t x = 0; x < width; ++x) {
    if (row[x] != 0) left = x;
    squared[x] = left == none ? no_distance : weight * (x - left) * (x - left);
    labels[x] = left == none ? 0 : row[left];
  }
  std::int64_t right = none;
  for (std::int64_t x = width - 1; x >= 0; --x) {
    if (row[x] != 0) right = x;
    if (right == none) continue;
    const std::int64_t distance = weight * (right - x) * (right - x);
    if (distance < squared[x] || (distance == squared[x] && row[right] < labels[x])) {
      squared[x] = distance;
      labels[x] = row[right];
    }
  }
}

/// Lines of `extent` voxels that lie `stride` apart, `width` of them side by side.
void across(std::int64_t extent, std::int64_t stride, std::int64_t width, std::int64_t weight,
            std::uint32_t* labels, std::int64_t* squared, std::byte* scratch) {
  Site* const sites = reinterpret_cast<Site*>(scratch);
  auto* const parts = reinterpret_cast<Envelope::Part*>(sites + extent * width);
  for (std::int64_t i = 0; i < extent; ++i)
    for (std::int64_t lane = 0; lane < width; ++lane)
      sites[lane * extent + i] = {squared[i * stride + lane], labels[i * stride + lane]};
  for (std::int64_t lane = 0; lane < width; ++lane) {
    Site* const line = sites + lane * extent;
    Envelope envelope{parts};
    for (std::int64_t j = 0; j < extent; ++j)
      if (line[j].squared != no_distance) envelope.add(line, j, weight, extent);
    for (std::int64_t part = 0; part < envelope.count; ++part) {
      const auto [site, from] = parts[part];
      const std::int64_t end = part + 1 < envelope.count ? parts[part + 1].from : extent;
      for (std::int64_t q = from; q < end; ++q) {
        squared[q * stride + lane] = line[site].squared + weight * (q - site) * (q - site);
        labels[q * stride + lane] = line[site].label;
      }
    }
  }
}

}  // namespace

std::size_t nearest_label_bytes(const Shape& shape) {
  const auto longest = static_cast<std::size_t>(std::max(shape.y, shape.z));
  const auto side_by_side = static_cast<std::size_t>(lanes(shape));
  return std::max(longest * (side_by_side * sizeof(Site) + sizeof(Envelope::Part)),
                  static_cast<std::size_t>(shape.x) * sizeof(std::uint32_t));
}

template <class T>
void nearest_labels(const T* seeds, const Shape& shape, const AxisWeights& weights,
                    std::uint32_t* labels, std::int64_t* squared,
                    const std::function<std::byte*()>& thread_scratch) {
  const std::int64_t rows_per_task = std::max<std::int64_t>(1, (1 << 14) / shape.x);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, shape.y * shape.z, rows_per_task),
                    [&](const auto& rows) {
                      auto* const row = reinterpret_cast<std::uint32_t*>(thread_scratch());
                      for (std::int64_t y = rows.begin(); y < rows.end(); ++y)
                        along_x(seeds + y * shape.x, shape.x, weights.x, labels + y * shape.x,
                                squared + y * shape.x, row);
                    });
  const std::int64_t width = lanes(shape), blocks = (shape.x + width - 1) / width;
  const auto pass = [&](std::int64_t extent, std::int64_t stride, std::int64_t others,
                        std::int64_t other_stride, std::int64_t weight) {
    if (extent == 1) return;
    tbb::parallel_for(std::int64_t{0}, others * blocks, [&](std::int64_t task) {
      const std::int64_t x = task % blocks * width, first = task / blocks * other_stride + x;
      across(extent, stride, std::min(width, shape.x - x), weight, labels + first, squared + first,
             thread_scratch());
    });
  };
  const std::int64_t plane = shape.x * shape.y;
  pass(shape.y, shape.x, shape.z, plane, weights.y);
  pass(shape.z, plane, shape.y, shape.x, weights.z);
}

template <class T>
void nearest_labels(const T* seeds, const Shape& shape, const AxisWeights& weights,
                    std::uint32_t* labels, std::int64_t* squared) {
  tbb::enumerable_thread_specific<std::vector<std::byte>> scratch(nearest_label_bytes(shape));
  nearest_labels(seeds, shape, weights, labels, squared,
                 [&]() -> std::byte* { return scratch.local().data(); });
}

template void nearest_labels(const std::uint8_t*, const Shape&, const AxisWeights&, std::uint32_t*,
                             std::int64_t*, const std::function<std::byte*()>&);
template void nearest_labels(const std::uint32_t*, const Shape&, const AxisWeights&, std::uint32_t*,
                             std::int64_t*, const std::function<std::byte*()>&);
template void nearest_labels(const std::uint8_t*, const Shape&, const AxisWeights&, std::uint32_t*,
                             std::int64_t*);
template void nearest_labels(const std::uint32_t*, const Shape&, const AxisWeights&, std::uint32_t*,
                             std::int64_t*);

}  // namespace voxelmark
