#pragma once
#include <algorithm>

#include "engines/core/operation.hpp"
#include "engines/operations/strided_view.hpp"

namespace voxelmark {

/// The part that is kept: at least one voxel, and nothing beyond the image.
inline Region cropped(const Parameters& parameters, const Shape& input) {
  const PerAxis origin = parameters.per_axis("origin"), extent = parameters.per_axis("extent");
  const auto along = [](std::int64_t n, float wanted_origin, float wanted_extent) {
    std::int64_t length =
        wanted_extent > 0 ? static_cast<std::int64_t>(wanted_extent) : (n + 1) / 2;
    length = std::min(length, n);
    const std::int64_t first = wanted_origin < 0
                                   ? (n - length) / 2
                                   : std::min(static_cast<std::int64_t>(wanted_origin), n - 1);
    return std::pair(first, std::min(length, n - first));
  };
  const auto [x, width] = along(input.x, origin.x, extent.x);
  const auto [y, height] = along(input.y, origin.y, extent.y);
  const auto [z, depth] = along(input.z, origin.z, extent.z);
  return {{x, y, z}, {width, height, depth}};
}

inline Operation crop_operation(int dims) {
  constexpr float largest = 16777216;  // as far as float32 counts
  return {
      .name = operation_name("Crop", dims),
      .family = "Crop",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition =
          "The part of the image that begins at `origin` and has `extent` voxels: out(i) = "
          "in(origin + i) on each axis. The extent is first cut to the image's; an origin beyond "
          "the last voxel becomes the last voxel; what then still reaches beyond the image is cut "
          "off, so that at least one voxel remains on each axis.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "origin",
                      .default_value = PerAxis{-1, -1, dims == 3 ? -1.0f : 0.0f},
                      .minimum = -1,
                      .maximum = largest,
                      .whole = true,
                      .description = "first voxel, per axis, counted from 0; -1: so that the part "
                                     "lies in the middle, floor((n - extent) / 2)"},
                     {.name = "extent",
                      .default_value = PerAxis{0, 0, 0},
                      .minimum = 0,
                      .maximum = largest,
                      .whole = true,
                      .description = "voxels, per axis; 0: half of the image's, rounded up"}},
      .takes_non_finite = true,
      .output_shape = [](const Parameters& parameters,
                         const Shape& input) { return cropped(parameters, input).extent; },
  };
}

}  // namespace voxelmark
