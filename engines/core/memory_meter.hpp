#pragma once
#include <atomic>
#include <cstddef>

namespace voxelmark {

/// Bytes in use and their peak, for engines to count with.
class MemoryMeter {
 public:
  void add(std::size_t bytes) {
    in_use_ += bytes;
    if (in_use_ > peak_) peak_ = in_use_.load();
  }
  void remove(std::size_t bytes) { in_use_ -= bytes; }
  std::size_t in_use() const { return in_use_; }
  std::size_t peak() const { return peak_; }
  std::size_t reset_peak() { return peak_ = in_use_.load(); }

 private:
  std::atomic<std::size_t> in_use_{0}, peak_{0};
};

}  // namespace voxelmark
