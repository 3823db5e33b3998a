#pragma once
#include <array>
#include <cstdint>

#include "engines/core/shape.hpp"

namespace voxelmark {

/// An image's voxels in another order: output voxel i is the input's at the offset
/// origin + sum of i[k] * stride[k]. Turns, reslices and crops are such views.
struct StridedView {
  Shape shape;  ///< of the output
  std::int64_t origin = 0;
  std::array<std::int64_t, 3> stride{1, 0, 0};
};

/// Where an axis of the output runs along the input.
struct AxisSource {
  int axis;  ///< 0 x, 1 y, 2 z of the input
  bool backwards = false;
};

/// The whole of an image of shape `input` with its axes permuted: along[k] is output axis k.
inline StridedView permuted(const Shape& input, const std::array<AxisSource, 3>& along) {
  const std::array extents{input.x, input.y, input.z};
  const std::array<std::int64_t, 3> strides{1, input.x, input.x * input.y};
  StridedView view{{extents[along[0].axis], extents[along[1].axis], extents[along[2].axis]}};
  for (std::size_t k = 0; k < 3; ++k) {
    const auto [axis, backwards] = along[k];
    view.stride[k] = backwards ? -strides[axis] : strides[axis];
    if (backwards) view.origin += (extents[axis] - 1) * strides[axis];
  }
  return view;
}

/// Where the voxels of a region of that come from.
inline Region permuted_source(const Shape& input, const std::array<AxisSource, 3>& along,
                              const Region& output) {
  const std::array extents{input.x, input.y, input.z};
  const std::array origin{output.origin.x, output.origin.y, output.origin.z};
  const std::array length{output.extent.x, output.extent.y, output.extent.z};
  std::array<std::int64_t, 3> from{}, count{};
  for (std::size_t k = 0; k < 3; ++k) {
    const auto [axis, backwards] = along[k];
    from[axis] = backwards ? extents[axis] - origin[k] - length[k] : origin[k];
    count[axis] = length[k];
  }
  return {{from[0], from[1], from[2]}, {count[0], count[1], count[2]}};
}

/// A part of an image of shape `input`.
inline StridedView part(const Shape& input, const Region& region) {
  const Index& o = region.origin;
  return {region.extent, offset(input, o.x, o.y, o.z), {1, input.x, input.x * input.y}};
}

}  // namespace voxelmark
