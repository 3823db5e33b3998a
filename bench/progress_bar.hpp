#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace voxelmark {

/// Tells on standard error how far a sweep is: a bar with the time left on a terminal, else a line
/// a group.
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t groups);
  void start(std::size_t group, const std::string& name);
  void update(double fraction);
  /// Removes the bar before other output.
  void clear();

 private:
  std::size_t groups_, group_ = 0;
  std::string name_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace voxelmark
