#pragma once
#include "engines/operations/window.hpp"

namespace voxelmark {

inline Operation mean(int dims) {
  return {
      .name = operation_name("Mean", dims),
      .family = "Mean",
      .dims = dims,
      .kind = Kind::reach,
      .definition =
          "Sum of the window's voxels divided by their number. Beyond the border the nearest voxel "
          "inside counts, as often as the window has voxels there. Integers are rounded half to "
          "even.",
      .tolerance_rule = tolerances::weighted_sum_rule,
      .parameters = window_parameters(dims, "sphere", 2),
      .tolerance = [](const Parameters&, DType output, const Range& range,
                      const Shape&) { return tolerances::weighted_sum(output, range); },
      .flops_per_voxel =
          [](const Parameters& parameters) {
            const Window window(parameters);
            if (window.sphere) return static_cast<double>(window_size(window));
            // Running sums: one voxel comes, one goes, on each axis; then the quotient.
            const auto [rx, ry, rz] = window.radius;
            return 2.0 * ((rx > 0) + (ry > 0) + (rz > 0)) + 1;
          },
      .reach = [](const Parameters& parameters, const Shape&) { return window_reach(parameters); },
  };
}

}  // namespace voxelmark
