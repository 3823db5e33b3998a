#include "engines/operations/find_maxima.hpp"

#include <tbb/parallel_sort.h>

#include <bit>

#include "engines/tbb/union_find.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Falling order of floats as rising order of unsigned numbers; both zeros alike.
std::uint32_t falling_key(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0f);
  return bits & 0x80000000u ? bits : ~(bits | 0x80000000u);
}

/// Voxels enter from the highest down, each as a hill of its own, and touching hills flow together:
/// the lower one into the higher one. At that level the lower one is over: unless it stands out, it
/// is dropped, or where both are equally high its top belongs to the other's.
class Flood {
 public:
  struct Memory {
    std::uint64_t* order;  ///< key and voxel, highest first
    std::uint32_t* hills;  ///< union-find: the root is the hill's highest, earliest voxel
    std::uint32_t* tops;   ///< whose top a voxel belongs to: itself, one before it, or no_parent
    std::int64_t* x_sums;  ///< of the voxels of a top
    std::int64_t* y_sums;
    std::uint32_t* nearest;  ///< the voxel of a top to be marked
    double* distances;
  };

  Flood(const Memory& memory, const Shape& shape, float prominence)
      : memory_(memory), shape_(shape), prominence_(prominence) {}

  template <class T>
  void run(const T* values, std::uint8_t* marks) {
    const std::int64_t voxels = shape_.voxels();
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, voxels, voxels_per_task),
                      [&](const auto& range) {
                        for (std::int64_t i = range.begin(); i < range.end(); ++i) {
                          const std::uint64_t key = falling_key(static_cast<float>(values[i]));
                          memory_.order[i] = key << 32 | static_cast<std::uint64_t>(i);
                          memory_.hills[i] = memory_.tops[i] = no_parent;
                          marks[i] = 0;
                        }
                      });
    tbb::parallel_sort(memory_.order, memory_.order + voxels);
    const auto value = [values](std::uint32_t i) { return static_cast<float>(values[i]); };
    for_each_falling([&](std::uint32_t i, std::int64_t x, std::int64_t y) {
      memory_.hills[i] = memory_.tops[i] = i;
      for (std::int64_t ny = std::max<std::int64_t>(y - 1, 0); ny <= std::min(y + 1, shape_.y - 1);
           ++ny)
        for (std::int64_t nx = std::max<std::int64_t>(x - 1, 0);
             nx <= std::min(x + 1, shape_.x - 1); ++nx) {
          const auto j = static_cast<std::uint32_t>(ny * shape_.x + nx);
          if (memory_.hills[j] != no_parent) flow_together(i, j, value);
        }
    });
    mark_tops(marks);
  }

 private:
  template <class F>
  void for_each_falling(const F& f) const {
    for (std::int64_t n = 0; n < shape_.voxels(); ++n) {
      const auto i = static_cast<std::uint32_t>(memory_.order[n]);
      f(i, std::int64_t{i} % shape_.x, std::int64_t{i} / shape_.x);
    }
  }

  std::uint32_t hill_of(std::uint32_t i) {
    while (memory_.hills[i] != i) i = memory_.hills[i] = memory_.hills[memory_.hills[i]];
    return i;
  }

  template <class Value>
  void flow_together(std::uint32_t i, std::uint32_t j, const Value& value) {
    std::uint32_t higher = hill_of(j), lower = hill_of(i);
    if (higher == lower) return;
    if (value(higher) < value(lower) || (value(higher) == value(lower) && lower < higher))
      std::swap(higher, lower);
    memory_.hills[lower] = higher;
    // i, the last voxel to enter, is where they touch.
    if (value(i) >= value(lower) - prominence_)
      memory_.tops[lower] = value(higher) == value(lower) ? higher : no_parent;
  }

  void mark_tops(std::uint8_t* marks) {
    std::uint32_t* const count = memory_.hills;  // not needed any more
    for_each_falling([&](std::uint32_t i, std::int64_t x, std::int64_t y) {
      std::uint32_t& top = memory_.tops[i];
      if (top == i) {
        memory_.x_sums[i] = memory_.y_sums[i] = 0;
        count[i] = 0;
        memory_.distances[i] = std::numeric_limits<double>::infinity();
      } else if (top != no_parent) {
        top = memory_.tops[top];  // which comes before it and so is a last one by now
      }
      if (top == no_parent) return;
      memory_.x_sums[top] += x;
      memory_.y_sums[top] += y;
      ++count[top];
    });
    for_each_falling([&](std::uint32_t i, std::int64_t x, std::int64_t y) {
      const std::uint32_t top = memory_.tops[i];
      if (top == no_parent || count[top] == shape_.voxels()) return;
      const HillTop sums{memory_.x_sums[top], memory_.y_sums[top], count[top]};
      const double squared = sums.squared_distance(x, y);
      // A top's voxels come in raster order: the first one of the nearest stays.
      if (!(squared < memory_.distances[top])) return;
      if (memory_.distances[top] != std::numeric_limits<double>::infinity())
        marks[memory_.nearest[top]] = 0;
      memory_.distances[top] = squared;
      memory_.nearest[top] = i;
      marks[i] = 1;
    });
  }

  Memory memory_;
  Shape shape_;
  float prominence_;
};

}  // namespace

Body find_maxima(Work& work) {
  const Shape& shape = work.shape();
  require_countable(shape);
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const Pixels order = work.scratch(voxels * 8), hills = work.scratch(voxels * 4),
               tops = work.scratch(voxels * 4), x_sums = work.scratch(voxels * 8),
               y_sums = work.scratch(voxels * 8), nearest = work.scratch(voxels * 4),
               distances = work.scratch(voxels * 8);
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [=, input = work.input(), output = work.output(),
            prominence = work.parameters().number("prominence")] {
      Flood({order.scratch<std::uint64_t>(), hills.scratch<std::uint32_t>(),
             tops.scratch<std::uint32_t>(), x_sums.scratch<std::int64_t>(),
             y_sums.scratch<std::int64_t>(), nearest.scratch<std::uint32_t>(),
             distances.scratch<double>()},
            shape, prominence)
          .run(input.as<T>(), output.as<std::uint8_t>());
    };
  });
}

}  // namespace voxelmark::tbb_operations
