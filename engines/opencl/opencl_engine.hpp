#pragma once
#include "engines/core/engine.hpp"

namespace voxelmark {

/// The operations as OpenCL kernels, on every device of every platform.
EngineKind opencl_engine();

}  // namespace voxelmark
