#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

#include "engines/core/shape.hpp"

namespace voxelmark {

/// Factors of the squared steps along each axis. The sum of weight * (extent - 1)^2 over the axes
/// must not pass 2^62.
struct AxisWeights {
  std::int64_t x = 1, y = 1, z = 1;
};

/// The squared distance to a label where there is none.
inline constexpr std::int64_t no_distance = std::numeric_limits<std::int64_t>::max();

/// For each voxel the nearest labelled one, by exact Euclidean distance: its label, the lowest of
/// those equally near (0 where no voxel is labelled), and its squared distance, the sum of
/// weight * d^2 (no_distance where no voxel is labelled). In time proportional to the voxels, on
/// all threads of the caller's arena.
///
/// Distances alone take a third of the memory: distance_map.hpp.
///
/// `seeds`: labels, or a mask, not 0 where labelled; T is std::uint8_t or std::uint32_t. It may be
/// `labels` itself. `thread_scratch` gives the running thread scratch of
/// nearest_label_bytes(shape).
template <class T>
void nearest_labels(const T* seeds, const Shape& shape, const AxisWeights& weights,
                    std::uint32_t* labels, std::int64_t* squared_distances,
                    const std::function<std::byte*()>& thread_scratch);

/// The same with scratch of its own.
template <class T>
void nearest_labels(const T* seeds, const Shape& shape, const AxisWeights& weights,
                    std::uint32_t* labels, std::int64_t* squared_distances);

std::size_t nearest_label_bytes(const Shape& shape);

}  // namespace voxelmark
