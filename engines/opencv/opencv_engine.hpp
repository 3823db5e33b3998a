#pragma once
#include "engines/core/engine.hpp"

namespace voxelmark {

/// The operations as far as OpenCV's own functions (core and imgproc) can do them honestly.
EngineKind opencv_engine();

}  // namespace voxelmark
