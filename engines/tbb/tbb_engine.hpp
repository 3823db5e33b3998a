#pragma once
#include "engines/core/engine.hpp"

namespace voxelmark {

/// The operations in portable vector code, parallel with oneTBB.
EngineKind tbb_engine();

}  // namespace voxelmark
