#pragma once
#include "engines/operations/window.hpp"

namespace voxelmark {

/// Erode and Dilate.
inline Operation binary_morphology(Extreme extreme, int dims) {
  const bool erodes = extreme == Extreme::minimum;
  const std::string family = erodes ? "Erode" : "Dilate";
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::reach,
      .definition = std::string("1 where ") + (erodes ? "every voxel" : "at least one voxel") +
                    " of the window is foreground, which is any value but 0, else 0; a u8 mask. "
                    "Beyond the border the nearest voxel inside counts, so that a border by itself "
                    "neither erodes nor dilates.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = window_parameters(dims, "sphere", 1),
      .inputs = {Role::mask},
      .gives_mask = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u8; },
      .flops_per_voxel = [](const Parameters& parameters) { return extreme_flops(parameters); },
      .reach = [](const Parameters& parameters, const Shape&) { return window_reach(parameters); },
  };
}

}  // namespace voxelmark
