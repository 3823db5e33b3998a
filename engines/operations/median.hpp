#pragma once
#include "engines/operations/window.hpp"

namespace voxelmark {

inline Operation median(int dims) {
  return {
      .name = operation_name("Median", dims),
      .family = "Median",
      .dims = dims,
      .kind = Kind::reach,
      .definition =
          "The middle one of the window's voxels in order of value (the window always has an "
          "odd number of them). Beyond the border the nearest voxel inside counts.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = window_parameters(dims, "sphere", 2),
      .flops_per_voxel =
          [](const Parameters& parameters) { return static_cast<double>(window_size(parameters)); },
      .reach = [](const Parameters& parameters, const Shape&) { return window_reach(parameters); },
  };
}

}  // namespace voxelmark
