#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// A 2D histogram; `counts` row by row, the lowest values first.
struct Density {
  static constexpr int columns = 48, rows = 48;
  std::array<double, 2> x_range{}, y_range{};  ///< from the smallest to the largest value
  std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(columns * rows);
};

/// How the voxels of two images lie to each other, for a scatter plot and a Bland-Altman plot.
struct PairDensity {
  std::uint64_t n = 0;   ///< voxels that are finite on both sides; others are left out
  Density scatter;       ///< x: reference, y: test
  Density bland_altman;  ///< x: mean of both, y: test − reference
};

/// Of two grey images or masks of one shape and type. Throws std::logic_error where they are not.
PairDensity pair_density(const Image& reference, const Image& test);

}  // namespace voxelmark
