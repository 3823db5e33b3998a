#include "bench/progress_bar.hpp"

#include <unistd.h>

#include <cstdio>

namespace voxelmark {

ProgressBar::ProgressBar(std::size_t groups) : groups_(groups), terminal_(isatty(STDERR_FILENO)) {}

void ProgressBar::start(std::size_t group, const std::string& name) {
  group_ = group;
  name_ = name;
  if (terminal_)
    update(0);
  else
    std::fprintf(stderr, "[%zu/%zu] %s\n", group + 1, groups_, name.c_str());
}

void ProgressBar::update(double fraction) {
  if (!terminal_) return;
  const double done = (static_cast<double>(group_) + fraction) / static_cast<double>(groups_);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  constexpr int cells = 24;
  const int full = static_cast<int>(done * cells);
  const std::string bar = std::string(full, '#') + std::string(cells - full, '.');
  std::string left;
  if (done > 0.02)
    left = std::to_string(static_cast<long>(elapsed.count() / done * (1 - done)) + 1) + " s left";
  std::fprintf(stderr, "\r\033[K[%s] %zu/%zu %s  %.60s", bar.c_str(), group_ + 1, groups_,
               left.c_str(), name_.c_str());
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (terminal_) std::fprintf(stderr, "\r\033[K");
}

}  // namespace voxelmark
