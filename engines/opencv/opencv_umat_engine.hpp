#pragma once
#include "engines/core/engine.hpp"

namespace voxelmark {

/// OpenCV's functions on cv::UMat, on every OpenCL device that OpenCV accepts. Where OpenCV takes
/// the pixels back to the host, which it does without a word, an operation is a Skip.
EngineKind opencv_umat_engine();

}  // namespace voxelmark
