#include "engines/operations/connected_components.hpp"

#include "engines/tbb/union_find.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Each foreground voxel's parent is the first voxel of its run within the row.
template <class T>
void find_runs(const T* mask, const Shape& shape, std::uint32_t* parents) {
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    const std::int64_t row = offset(shape, 0, y, z);
    std::uint32_t run = no_parent;
    for (std::int64_t i = row; i < row + shape.x; ++i) {
      if (mask[i] == T{0} || is_nan(mask[i]))
        run = no_parent;
      else if (run == no_parent)
        run = static_cast<std::uint32_t>(i);
      parents[i] = run;
    }
  });
}

/// Unites the runs of two rows that touch, each pair of them at the first voxels where they do.
void unite_rows(std::uint32_t* parents, std::int64_t row, std::int64_t other, std::int64_t width,
                bool box) {
  bool here = false, there = false;  // whether the voxel before, in either row, is foreground
  for (std::int64_t x = 0; x < width; ++x) {
    const auto i = static_cast<std::uint32_t>(row + x), j = static_cast<std::uint32_t>(other + x);
    const bool is_here = parent_of(parents, i) != no_parent,
               is_there = parent_of(parents, j) != no_parent;
    if (is_here && is_there) {
      if (!(here && there)) unite(parents, i, j);
    } else if (box && is_here && there && !here) {
      unite(parents, i, j - 1);
    } else if (box && is_there && here && !there) {
      unite(parents, i - 1, j);
    }
    here = is_here;
    there = is_there;
  }
}

}  // namespace

Body components(Work& work, const Pixels& mask, DType mask_type, const Pixels& labels,
                const Shape& shape, bool box) {
  require_countable(shape);
  const std::int64_t voxels = shape.voxels();
  const Pixels parent_memory = work.scratch(static_cast<std::size_t>(voxels) * 4),
               counts = work.scratch(enumeration_bytes(voxels));
  return visit_grey(mask_type, [&]<class T>(std::type_identity<T>) -> Body {
    return [=] {
      auto* const parents = parent_memory.as<std::uint32_t>();
      auto* const result = labels.as<std::uint32_t>();
      find_runs(mask.as<T>(), shape, parents);
      for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
        const std::int64_t row = offset(shape, 0, y, z);
        const auto touches = [&](std::int64_t other_y, std::int64_t other_z, bool corners) {
          if (other_y >= 0 && other_y < shape.y && other_z >= 0)
            unite_rows(parents, row, offset(shape, 0, other_y, other_z), shape.x, corners);
        };
        touches(y - 1, z, box);
        touches(y, z - 1, box);
        if (box) touches(y - 1, z - 1, box);
        if (box) touches(y + 1, z - 1, box);
      });
      enumerate(
          voxels, counts.as<std::uint32_t>(),
          [=](std::int64_t i) { return parents[i] == static_cast<std::uint32_t>(i); },
          [=](std::int64_t i, std::uint32_t number) { result[i] = number; });
      // A root's label is there by now, and nobody writes it again.
      tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, voxels, voxels_per_task),
                        [=](const auto& range) {
                          for (std::int64_t i = range.begin(); i < range.end(); ++i) {
                            const auto voxel = static_cast<std::uint32_t>(i);
                            const std::uint32_t parent = parent_of(parents, voxel);
                            if (parent == no_parent)
                              result[i] = 0;
                            else if (parent != voxel)
                              result[i] = result[find_root(parents, parent)];
                          }
                        });
    };
  });
}

Body connected_components(Work& work) {
  return components(work, work.input(), work.dtype(), work.output(), work.shape(),
                    box_neighbours(work.parameters()));
}

}  // namespace voxelmark::tbb_operations
