#pragma once
#include "engines/operations/window.hpp"

namespace voxelmark {

/// Minimum and Maximum.
inline Operation extreme_filter(Extreme extreme, int dims) {
  const bool minimum = extreme == Extreme::minimum;
  const std::string family = minimum ? "Minimum" : "Maximum";
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::reach,
      .definition = std::string("The ") + (minimum ? "smallest" : "largest") +
                    " value among the window's voxels. Beyond the border the nearest voxel inside "
                    "counts, which comes to leaving out what lies outside.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = window_parameters(dims, "sphere", 2),
      .flops_per_voxel = [](const Parameters& parameters) { return extreme_flops(parameters); },
      .reach = [](const Parameters& parameters, const Shape&) { return window_reach(parameters); },
  };
}

}  // namespace voxelmark
