#pragma once
#include "engines/core/engine.hpp"

namespace voxelmark {

/// The definitions themselves as an engine: the ground truth, and a lower bound for speed.
EngineKind reference_engine();

}  // namespace voxelmark
