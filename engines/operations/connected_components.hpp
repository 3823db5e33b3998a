#pragma once
#include <limits>
#include <string>

#include "engines/core/error.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// Whether voxels that share no more than an edge or a corner are neighbours too.
inline bool box_neighbours(const Parameters& parameters) {
  return parameters.choice("neighbours") == "box";
}

/// Voxels are numbered in 32 bits where they stand for components. Throws TooLarge where that does
/// not suffice.
inline void require_countable(const Shape& shape) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  if (shape.voxels() > most)
    throw TooLarge("labels are 32-bit numbers: at most " + std::to_string(most) +
                   " voxels, and the image has " + std::to_string(shape.voxels()));
}

inline Operation connected_components(int dims) {
  return {
      .name = operation_name("ConnectedComponents", dims),
      .family = "ConnectedComponents",
      .dims = dims,
      .kind = Kind::global,
      .definition =
          "Foreground voxels (neither 0 nor NaN) that a chain of neighbouring foreground voxels "
          "joins get one label, all others 0. Labels count from 1 without gaps, in the order in "
          "which a walk through the image (x fastest, then y, then z) meets the components.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "neighbours",
                      .default_value = "box",
                      .choices = {"box", "face"},
                      .description = "which voxels are neighbours: box, all that differ by at most "
                                     "1 along each axis; face, those that share a face"}},
      .inputs = {Role::mask},
      .takes_non_finite = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u32; },
  };
}

}  // namespace voxelmark
