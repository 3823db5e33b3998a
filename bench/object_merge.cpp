#include "bench/object_merge.hpp"

#include <algorithm>
#include <array>
#include <boost/pending/disjoint_sets.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "engines/core/box_copy.hpp"

namespace voxelmark {

namespace {

using Label = std::uint32_t;

Label largest(const Image& labels) {
  const auto pixels = labels.pixels<Label>();
  return *std::max_element(pixels.begin(), pixels.end());
}

/// Where both lie; extents may be below 1.
Region common(const Region& a, const Region& b) {
  const auto along = [](std::int64_t p, std::int64_t n, std::int64_t q, std::int64_t m) {
    const std::int64_t first = std::max(p, q);
    return std::pair(first, std::min(p + n, q + m) - first);
  };
  const auto [x, nx] = along(a.origin.x, a.extent.x, b.origin.x, b.extent.x);
  const auto [y, ny] = along(a.origin.y, a.extent.y, b.origin.y, b.extent.y);
  const auto [z, nz] = along(a.origin.z, a.extent.z, b.origin.z, b.extent.z);
  return {{x, y, z}, {nx, ny, nz}};
}

/// `use(x, y, z)` of each voxel of a region.
template <class Use>
void for_voxels(const Region& region, Use use) {
  const auto [o, n] = region;
  for (std::int64_t z = o.z; z < o.z + n.z; ++z)
    for (std::int64_t y = o.y; y < o.y + n.y; ++y)
      for (std::int64_t x = o.x; x < o.x + n.x; ++x) use(x, y, z);
}

/// A tile's labels, by a voxel's place in the image.
class Window {
 public:
  Window(const Tile& tile, const Image& labels)
      : origin_(tile.input.origin), shape_(labels.shape()), labels_(labels.pixels<Label>()) {}
  Label at(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return labels_[static_cast<std::size_t>(
        offset(shape_, x - origin_.x, y - origin_.y, z - origin_.z))];
  }

 private:
  Index origin_;
  Shape shape_;
  std::span<const Label> labels_;
};

/// Joins labels of two tiles that cover each other in the region which both read. `before` are the
/// numbers that stand for label 0 of each.
template <class Sets>
void join(const Window& a, const Window& b, const Region& shared, Label before_a, Label before_b,
          const std::vector<bool>& present, Sets& sets) {
  std::map<Label, std::int64_t> size_a, size_b;
  std::map<std::pair<Label, Label>, std::int64_t> both;
  for_voxels(shared, [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    const Label p = a.at(x, y, z), q = b.at(x, y, z);
    if (p) ++size_a[p];
    if (q) ++size_b[q];
    if (p && q) ++both[{p, q}];
  });
  for (const auto& [pair, count] : both) {
    const auto [p, q] = pair;
    // What a tile sees outside of what it adds is another tile's.
    if (present[before_a + p] && present[before_b + q] &&
        2 * count >= std::min(size_a[p], size_b[q]))
      sets.union_set(before_a + p, before_b + q);
  }
}

}  // namespace

void ObjectMerger::add(std::size_t i, const Image& labels) {
  seen_[i] = Image(labels.shape(), labels.dtype());
  std::memcpy(seen_[i].data(), labels.data(), labels.bytes());
}

void ObjectMerger::merge(Image& result) const {
  std::memset(result.data(), 0, result.bytes());
  if (how_ == PerTile::centroid)
    merge_centroids(result);
  else
    merge_insides(result);
}

void ObjectMerger::merge_centroids(Image& result) const {
  const auto pixels = result.pixels<Label>();
  Label next = 0;
  for (std::size_t i = 0; i < tiles_.size(); ++i) {
    struct Sums {
      double x = 0, y = 0, z = 0, count = 0;
    };
    const Window window(tiles_[i], seen_[i]);
    std::vector<Sums> sums(largest(seen_[i]) + std::size_t{1});
    for_voxels(tiles_[i].input, [&](std::int64_t x, std::int64_t y, std::int64_t z) {
      Sums& sum = sums[window.at(x, y, z)];
      sum.x += static_cast<double>(x);
      sum.y += static_cast<double>(y);
      sum.z += static_cast<double>(z);
      ++sum.count;
    });
    std::vector<Label> number(sums.size());
    const auto within = [](double sum, double count, std::int64_t first, std::int64_t extent) {
      const double nearest = std::floor(sum / count + 0.5) - static_cast<double>(first);
      return nearest >= 0 && nearest < static_cast<double>(extent);
    };
    const auto [origin, extent] = tiles_[i].output;
    for (std::size_t label = 1; label < sums.size(); ++label)
      if (const Sums& s = sums[label]; s.count > 0 && within(s.x, s.count, origin.x, extent.x) &&
                                       within(s.y, s.count, origin.y, extent.y) &&
                                       within(s.z, s.count, origin.z, extent.z))
        number[label] = ++next;
    for_voxels(tiles_[i].input, [&](std::int64_t x, std::int64_t y, std::int64_t z) {
      Label& voxel = pixels[static_cast<std::size_t>(offset(result.shape(), x, y, z))];
      if (!voxel) voxel = number[window.at(x, y, z)];
    });
  }
}

void ObjectMerger::merge_insides(Image& result) const {
  const auto pixels = result.pixels<Label>();
  std::vector<Label> before{0};
  for (const Image& labels : seen_) before.push_back(before.back() + largest(labels));
  std::vector<bool> present(before.back() + std::size_t{1});
  for (std::size_t i = 0; i < tiles_.size(); ++i) {
    const Window window(tiles_[i], seen_[i]);
    for_voxels(tiles_[i].output, [&](std::int64_t x, std::int64_t y, std::int64_t z) {
      if (const Label label = window.at(x, y, z)) present[before[i] + label] = true;
    });
  }
  std::vector<Label> parent(present.size()), rank(present.size());
  std::iota(parent.begin(), parent.end(), Label{0});
  boost::disjoint_sets sets(rank.data(), parent.data());
  if (how_ == PerTile::merge)
    for (std::size_t i = 0; i < tiles_.size(); ++i)
      for (std::size_t k = 0; k < i; ++k)
        if (const Region shared = common(tiles_[i].input, tiles_[k].input);
            shared.extent.x > 0 && shared.extent.y > 0 && shared.extent.z > 0)
          join(Window(tiles_[i], seen_[i]), Window(tiles_[k], seen_[k]), shared, before[i],
               before[k], present, sets);
  Label next = 0;
  std::vector<Label> number(present.size());
  for (std::size_t label = 1; label < present.size(); ++label)
    if (present[label])
      if (Label& root = number[sets.find_set(static_cast<Label>(label))]; !root) root = ++next;
  for (std::size_t i = 0; i < tiles_.size(); ++i) {
    const Window window(tiles_[i], seen_[i]);
    for_voxels(tiles_[i].output, [&](std::int64_t x, std::int64_t y, std::int64_t z) {
      if (const Label label = window.at(x, y, z))
        pixels[static_cast<std::size_t>(offset(result.shape(), x, y, z))] =
            number[sets.find_set(before[i] + label)];
    });
  }
}

}  // namespace voxelmark
