#pragma once
#include "bench/case.hpp"

namespace voxelmark {

/// Seconds that the reference will take for the whole of a task's result, from a run on a small
/// image.
double predict_reference_seconds(const Operation& operation, const Parameters& parameters,
                                 const Shape& shape, DType dtype);

}  // namespace voxelmark
