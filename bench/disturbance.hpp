#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/nvml.hpp"

namespace voxelmark {

/// What slowed a case down from outside while it was measured.
struct Disturbance {
  std::optional<double> others_cpu;  ///< share of all CPUs' time that others took; else unknown
  std::optional<double> others_gpu;  ///< share of the GPU's time, likewise
  double others_cpu_seconds = 0;
  std::vector<std::string> throttled;  ///< what held the GPU's clocks down; empty: nothing known

  /// More than 5 % of the CPUs' time and 0.05 s, below which /proc/stat's ticks of 0.01 s say
  /// nothing; or more than 5 % of the GPU's.
  bool background_load() const;
  /// "other programs took 12 % of the CPUs' time; the GPU's clocks were held down (power cap)";
  /// empty where there is nothing to tell.
  std::string text() const;
};

/// Time of all CPUs together since the machine started, in seconds.
struct CpuTimes {
  double busy = 0;   ///< in programs, the kernel, or for other virtual machines
  double total = 0;  ///< `busy` and idle
};

/// By the first line of /proc/stat; nothing where it is not that.
std::optional<CpuTimes> parse_cpu_times(const std::string& line, double ticks_per_second);

/// Watches the stretches between begin() and end(), in which this process does the measuring.
class DisturbanceMeter {
 public:
  explicit DisturbanceMeter(std::optional<NvmlDevice> gpu = {}) : gpu_(std::move(gpu)) {}
  void begin();
  void end();
  Disturbance result() const;

 private:
  std::optional<NvmlDevice> gpu_;
  std::optional<CpuTimes> before_;
  double own_before_ = 0, others_ = 0, total_ = 0;
  std::uint64_t since_ = 0, throttle_bits_ = 0;
};

}  // namespace voxelmark
