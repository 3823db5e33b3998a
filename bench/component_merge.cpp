#include "bench/component_merge.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <boost/pending/disjoint_sets.hpp>
#include <limits>
#include <numeric>

#include "engines/core/error.hpp"

namespace voxelmark {

namespace {

using Label = std::uint32_t;

/// `use(row, first)` of each row of voxels of a region, with its first voxel's offset in the image.
template <class Use>
void for_rows(const Shape& image, const Region& region, Use use) {
  for (std::int64_t z = 0; z < region.extent.z; ++z)
    for (std::int64_t y = 0; y < region.extent.y; ++y)
      use(offset(image, region.origin.x, region.origin.y + y, region.origin.z + z));
}

}  // namespace

void ComponentMerger::add(std::size_t i, const Image& labels) {
  const Region& region = tiles_[i].output;
  const Label* label = labels.pixels<Label>().data();
  auto& firsts = first_voxels_[i];
  firsts.clear();
  // Labels count in the order in which a walk meets them: one that is new is the next one.
  for_rows(image_, region, [&](std::int64_t first) {
    for (std::int64_t x = 0; x < region.extent.x; ++x)
      if (*label++ > firsts.size()) firsts.push_back(first + x);
  });
}

void ComponentMerger::merge(bool by_faces, Image& labels) {
  std::vector<std::size_t> before{0};  // components of the tiles before each one
  for (const auto& firsts : first_voxels_) before.push_back(before.back() + firsts.size());
  const std::size_t all = before.back();
  if (all >= std::numeric_limits<Label>::max())
    throw NotMeasurable("the tiles have " + std::to_string(all) +
                        " components, more than labels of 32 bits can tell");
  const auto pixels = labels.pixels<Label>();
  const auto each_tile = [&](auto change) {
    tbb::parallel_for(std::size_t{0}, tiles_.size(), [&](std::size_t i) {
      const Region& region = tiles_[i].output;
      for_rows(image_, region, [&](std::int64_t first) {
        for (Label& label : pixels.subspan(static_cast<std::size_t>(first),
                                           static_cast<std::size_t>(region.extent.x)))
          if (label) label = change(i, label);
      });
    });
  };
  each_tile([&](std::size_t i, Label label) { return static_cast<Label>(before[i] + label); });

  std::vector<Label> parent(all + 1), rank(all + 1);
  std::iota(parent.begin(), parent.end(), Label{0});
  boost::disjoint_sets sets(rank.data(), parent.data());
  const std::array extents{image_.x, image_.y, image_.z};
  const std::array strides{std::int64_t{1}, image_.x, image_.x * image_.y};
  const std::int64_t sideways = by_faces ? 0 : 1;
  for (const Tile& tile : tiles_) {
    const std::array origin{tile.output.origin.x, tile.output.origin.y, tile.output.origin.z};
    const std::array extent{tile.output.extent.x, tile.output.extent.y, tile.output.extent.z};
    // Of two neighbours in different tiles one lies on its tile's first face along some axis, and
    // the other before that face.
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (origin[axis] == 0) continue;
      const std::size_t u = (axis + 1) % 3, v = (axis + 2) % 3;
      for (std::int64_t i = origin[u]; i < origin[u] + extent[u]; ++i)
        for (std::int64_t j = origin[v]; j < origin[v] + extent[v]; ++j) {
          const std::int64_t at = origin[axis] * strides[axis] + i * strides[u] + j * strides[v];
          const Label label = pixels[static_cast<std::size_t>(at)];
          if (!label) continue;
          for (std::int64_t k = std::max<std::int64_t>(0, i - sideways);
               k <= std::min(extents[u] - 1, i + sideways); ++k)
            for (std::int64_t l = std::max<std::int64_t>(0, j - sideways);
                 l <= std::min(extents[v] - 1, j + sideways); ++l) {
              const std::int64_t beyond =
                  (origin[axis] - 1) * strides[axis] + k * strides[u] + l * strides[v];
              if (const Label other = pixels[static_cast<std::size_t>(beyond)])
                sets.union_set(label, other);
            }
        }
    }
  }

  // The image's components count in the order of their first voxels.
  std::vector<std::int64_t> first_of(all + 1, std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = 0; i < tiles_.size(); ++i)
    for (std::size_t k = 0; k < first_voxels_[i].size(); ++k) {
      auto& first = first_of[sets.find_set(static_cast<Label>(before[i] + k + 1))];
      first = std::min(first, first_voxels_[i][k]);
    }
  std::vector<Label> roots;
  for (Label label = 1; label <= all; ++label)
    if (parent[label] == label) roots.push_back(label);
  std::sort(roots.begin(), roots.end(),
            [&](Label a, Label b) { return first_of[a] < first_of[b]; });
  std::vector<Label> number(all + 1);
  for (std::size_t i = 0; i < roots.size(); ++i) number[roots[i]] = static_cast<Label>(i + 1);
  for (Label label = 1; label <= all; ++label) number[label] = number[sets.find_set(label)];
  each_tile([&](std::size_t, Label label) { return number[label]; });
}

}  // namespace voxelmark
