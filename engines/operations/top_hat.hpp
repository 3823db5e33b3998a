#pragma once
#include "engines/operations/window.hpp"

namespace voxelmark {

/// TopHat, which opens the image (minimum first), and BottomHat, which closes it (maximum first).
inline Operation hat(Extreme first, int dims) {
  const bool opens = first == Extreme::minimum;
  const std::string family = opens ? "TopHat" : "BottomHat";
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::reach,
      .definition = opens ? "a minus its opening: the maximum filter of the minimum filter of a, "
                            "both over the same window. What is smaller than the window and "
                            "brighter than its surroundings remains."
                          : "The closing of a, which is the minimum filter of the maximum filter "
                            "of a over the same window, minus a. What is smaller than the window "
                            "and darker than its surroundings remains.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = window_parameters(dims, "box", 5),
      .flops_per_voxel =
          [](const Parameters& parameters) { return 2 * extreme_flops(parameters) + 1; },
      .reach =
          [](const Parameters& parameters, const Shape&) {
            const Reach once = window_reach(parameters);
            return Reach{2 * once.x, 2 * once.y, 2 * once.z};
          },
  };
}

}  // namespace voxelmark
