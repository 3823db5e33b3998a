#include "engines/operations/detect_maxima.hpp"

#include "engines/operations/connected_components.hpp"
#include "engines/tbb/union_find.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Calls f(offset) for each of the up to 26 neighbours of a voxel inside the image; with
/// `only_before` for those alone that come before it.
template <class F>
void for_each_neighbour(const Shape& shape, std::int64_t x, std::int64_t y, std::int64_t z,
                        bool only_before, const F& f) {
  for (std::int64_t dz = z > 0 ? -1 : 0; dz <= (z + 1 < shape.z); ++dz)
    for (std::int64_t dy = y > 0 ? -1 : 0; dy <= (y + 1 < shape.y); ++dy)
      for (std::int64_t dx = x > 0 ? -1 : 0; dx <= (x + 1 < shape.x); ++dx) {
        const std::int64_t step = (dz * shape.y + dy) * shape.x + dx;
        const bool before = dz < 0 || (dz == 0 && (dy < 0 || (dy == 0 && dx < 0)));
        if (before || (!only_before && (dx != 0 || dy != 0 || dz != 0)))
          f(offset(shape, x, y, z) + step);
      }
}

}  // namespace

// A voxel that no voxel in the box exceeds is a candidate. A plateau is a maximum where all of it
// are candidates.
Body mark_maxima(Work& work, const Pixels& from, DType from_type, const Pixels& to,
                 const Shape& shape, const Window& box, float floor) {
  require_countable(shape);
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const Pixels highest = work.scratch(voxels * bytes_of(from_type)),
               parent_memory = work.scratch(voxels * sizeof(std::uint32_t));
  const Body filter = extreme(work, Extreme::maximum, from, highest, from_type, shape, box);
  return visit_grey(from_type, [&]<class T>(std::type_identity<T>) -> Body {
    return [=] {
      filter();
      const T* const values = from.as<T>();
      const T* const most = highest.as<T>();
      auto* const parents = parent_memory.as<std::uint32_t>();
      auto* const marks = to.as<std::uint8_t>();
      const auto for_each_candidate = [&](const auto& f) {
        for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
          const std::int64_t row = offset(shape, 0, y, z);
          for (std::int64_t x = 0; x < shape.x; ++x)
            if (parent_of(parents, static_cast<std::uint32_t>(row + x)) != no_parent) f(x, y, z);
        });
      };
      tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, shape.voxels(), voxels_per_task),
                        [=](const auto& range) {
                          for (auto i = range.begin(); i < range.end(); ++i) {
                            const bool candidate =
                                values[i] == most[i] && static_cast<float>(values[i]) > floor;
                            parents[i] = candidate ? static_cast<std::uint32_t>(i) : no_parent;
                          }
                        });
      for_each_candidate([&](std::int64_t x, std::int64_t y, std::int64_t z) {
        const std::int64_t i = offset(shape, x, y, z);
        for_each_neighbour(shape, x, y, z, true, [&](std::int64_t j) {
          const auto neighbour = static_cast<std::uint32_t>(j);
          if (parent_of(parents, neighbour) != no_parent && values[j] == values[i])
            unite(parents, static_cast<std::uint32_t>(i), neighbour);
        });
      });
      tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, shape.voxels(), voxels_per_task),
                        [=](const auto& range) {
                          for (auto i = range.begin(); i < range.end(); ++i)
                            marks[i] = parents[i] == static_cast<std::uint32_t>(i);
                        });
      for_each_candidate([&](std::int64_t x, std::int64_t y, std::int64_t z) {
        const std::int64_t i = offset(shape, x, y, z);
        bool rises = false;
        for_each_neighbour(shape, x, y, z, false, [&](std::int64_t j) {
          rises |= values[j] == values[i] &&
                   parent_of(parents, static_cast<std::uint32_t>(j)) == no_parent;
        });
        if (!rises) return;
        const std::uint32_t root = find_root(parents, static_cast<std::uint32_t>(i));
        std::atomic_ref(marks[root]).store(0, std::memory_order_relaxed);
      });
    };
  });
}

Body detect_maxima(Work& work) {
  return mark_maxima(work, work.input(), work.dtype(), work.output(), work.shape(),
                     box_of(work.parameters()), work.parameters().number("floor"));
}

}  // namespace voxelmark::tbb_operations
