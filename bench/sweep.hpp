#pragma once
#include <memory>
#include <vector>

#include "bench/axes.hpp"
#include "bench/case.hpp"

namespace voxelmark {

/// A task's cases, one for each engine, device and number of threads that the filter left.
struct Group {
  std::shared_ptr<const Task> task;
  std::vector<Case> cases;
  bool illustrated = false;  ///< results are shown in pictures and plots
};

/// The cases that are asked for, in catalogue order. Throws BadInput where axes do not fit each
/// other or the machine, and where nothing matches.
std::vector<Group> sweep(const Axes& axes);

}  // namespace voxelmark
