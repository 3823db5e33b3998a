#pragma once
#include <memory>
#include <vector>

#include "bench/case.hpp"
#include "bench/options.hpp"

namespace voxelmark {

/// A task's cases, one for each engine, device and number of threads that the filter left.
struct Group {
  std::shared_ptr<const Task> task;
  std::vector<Case> cases;
  bool illustrated = false;  ///< results are shown in pictures and plots
};

/// The cases that the options ask for, in catalogue order. Throws BadInput where an option is wrong
/// or where nothing matches.
std::vector<Group> sweep(const Options& options);

}  // namespace voxelmark
