#include "bench/seam_errors.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace voxelmark {

namespace {

constexpr std::int64_t no_seam = std::numeric_limits<std::int64_t>::max();

/// For each voxel of an axis how many voxels lie between it and the nearest tile's edge inside the
/// image.
std::vector<std::int64_t> distances(std::int64_t extent, const std::set<std::int64_t>& starts) {
  std::vector<std::int64_t> distance(static_cast<std::size_t>(extent), no_seam);
  for (const std::int64_t start : starts) {
    if (start == 0) continue;
    for (std::int64_t i = 0; i < extent; ++i) {
      auto& nearest = distance[static_cast<std::size_t>(i)];
      nearest = std::min(nearest, i < start ? start - 1 - i : i - start);
    }
  }
  return distance;
}

void add(SeamErrors& all, const SeamErrors& part) {
  all.voxels += part.voxels;
  all.differing += part.differing;
  all.largest = std::max(all.largest, part.largest);
  all.sum += part.sum;
  if (all.by_distance.size() < part.by_distance.size())
    all.by_distance.resize(part.by_distance.size());
  for (std::size_t i = 0; i < part.by_distance.size(); ++i) {
    auto& to = all.by_distance[i];
    to.voxels += part.by_distance[i].voxels;
    to.differing += part.by_distance[i].differing;
    to.largest = std::max(to.largest, part.by_distance[i].largest);
  }
}

}  // namespace

std::int64_t SeamErrors::reach() const {
  const auto last = std::find_if(by_distance.rbegin(), by_distance.rend(),
                                 [](const AtDistance& at) { return at.differing > 0; });
  return by_distance.rend() - last;
}

SeamErrors seam_errors(const Image& uncut, const Image& cut, const std::vector<Tile>& tiles) {
  if (uncut.shape() != cut.shape() || uncut.dtype() != cut.dtype())
    throw std::logic_error("a comparison of images of two shapes or types");
  const Shape shape = cut.shape();
  std::set<std::int64_t> x_starts, y_starts, z_starts;
  for (const Tile& tile : tiles) {
    x_starts.insert(tile.output.origin.x);
    y_starts.insert(tile.output.origin.y);
    z_starts.insert(tile.output.origin.z);
  }
  const auto along_x = distances(shape.x, x_starts), along_y = distances(shape.y, y_starts),
             along_z = distances(shape.z, z_starts);
  return visit(cut.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto expected = uncut.pixels<T>(), found = cut.pixels<T>();
    const auto rows = [&](const tbb::blocked_range<std::int64_t>& range, SeamErrors errors) {
      for (std::int64_t row = range.begin(); row < range.end(); ++row) {
        const std::int64_t nearest = std::min(along_y[static_cast<std::size_t>(row % shape.y)],
                                              along_z[static_cast<std::size_t>(row / shape.y)]);
        for (std::int64_t x = 0; x < shape.x; ++x) {
          const auto i = static_cast<std::size_t>(row * shape.x + x);
          const bool same =
              expected[i] == found[i] || (expected[i] != expected[i] && found[i] != found[i]);
          const double error =
              same ? 0 : std::abs(static_cast<double>(expected[i]) - static_cast<double>(found[i]));
          ++errors.voxels;
          errors.differing += !same;
          errors.sum += error;
          // A NaN on one side only counts as the largest of all.
          const double size = error == error ? error : std::numeric_limits<double>::infinity();
          errors.largest = std::max(errors.largest, size);
          const std::int64_t distance = std::min(nearest, along_x[static_cast<std::size_t>(x)]);
          if (distance == no_seam) continue;
          const auto d = static_cast<std::size_t>(distance);
          if (errors.by_distance.size() <= d) errors.by_distance.resize(d + 1);
          auto& at = errors.by_distance[d];
          ++at.voxels;
          at.differing += !same;
          at.largest = std::max(at.largest, size);
        }
      }
      return errors;
    };
    return tbb::parallel_deterministic_reduce(
        tbb::blocked_range<std::int64_t>(0, shape.y * shape.z, 64), SeamErrors{}, rows,
        [](SeamErrors a, const SeamErrors& b) {
          add(a, b);
          return a;
        });
  });
}

}  // namespace voxelmark
