#pragma once
#include "bench/case.hpp"
#include "validate/figures.hpp"

namespace voxelmark {

/// What a comparison found, under the names that result files use: of every output the errors,
/// correlation, bias and limits of agreement, of masks and labels their overlap besides.
Figures agreement_figures(const Comparison& comparison);

}  // namespace voxelmark
