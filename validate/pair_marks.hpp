#pragma once
#include <cstdint>

#include "validate/chart.hpp"
#include "validate/pair_counts.hpp"

namespace voxelmark::plots {

/// Circles, or cells and then how many pairs the fullest of them holds.
std::int64_t draw_pairs(Chart& chart, const PairSource& pairs, const Bounds& bounds);

/// "1 ▁▂▃ 960": the shades of cells and how many pairs the first and the last stand for.
void draw_shades(Chart& chart, double x, double y, std::int64_t most);

/// "n = 1,234", and where it ends.
double draw_count(Chart& chart, double x, double y, std::size_t count);

}  // namespace voxelmark::plots
