#pragma once
#include <atomic>

namespace voxelmark {

/// Set by a program's signal handler; long work looks at it between steps and throws Interrupted.
inline std::atomic<bool> interrupt_requested{false};

}  // namespace voxelmark
