#pragma once
#include "engines/core/operation.hpp"

namespace voxelmark {

inline Operation fixed_threshold(int dims) {
  return {
      .name = operation_name("FixedThreshold", dims),
      .family = "FixedThreshold",
      .dims = dims,
      .kind = Kind::pointwise,
      .definition = "1 where a >= threshold, else 0; a u8 mask. NaN gives 0.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "threshold",
                      .default_value = 128.0f,
                      .minimum = -1e30f,
                      .maximum = 1e30f,
                      .description = "the lowest grey level of the foreground"}},
      .takes_non_finite = true,
      .gives_mask = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u8; },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
  };
}

}  // namespace voxelmark
