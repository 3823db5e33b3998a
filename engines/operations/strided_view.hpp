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

/// A part of an image of shape `input`.
inline StridedView part(const Shape& input, const Region& region) {
  const Index& o = region.origin;
  return {region.extent, offset(input, o.x, o.y, o.z), {1, input.x, input.x * input.y}};
}

}  // namespace voxelmark
