#include "bench/disturbance.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "bench/sampling.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr double noticeable_share = 0.05, noticeable_seconds = 0.05;

std::optional<CpuTimes> cpu_times() {
  std::ifstream file("/proc/stat");
  std::string line;
  std::getline(file, line);
  return parse_cpu_times(line, static_cast<double>(sysconf(_SC_CLK_TCK)));
}

std::uint64_t microseconds_since_1970() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::string percent(double share) { return significant(100 * share, 2) + " %"; }

}  // namespace

bool Disturbance::background_load() const {
  return (others_cpu.value_or(0) > noticeable_share && others_cpu_seconds > noticeable_seconds) ||
         others_gpu.value_or(0) > noticeable_share;
}

std::string Disturbance::text() const {
  std::vector<std::string> parts;
  if (background_load()) {
    std::vector<std::string> shares;
    if (others_cpu && *others_cpu > noticeable_share)
      shares.push_back(percent(*others_cpu) + " of the CPUs' time");
    if (others_gpu && *others_gpu > noticeable_share)
      shares.push_back(percent(*others_gpu) + " of the GPU's time");
    parts.push_back("other programs took " + join(shares, " and "));
  }
  if (!throttled.empty())
    parts.push_back("the GPU's clocks were held down (" + join(throttled, ", ") + ")");
  return join(parts, ", ");
}

std::optional<CpuTimes> parse_cpu_times(const std::string& line, double ticks_per_second) {
  // user nice system idle iowait irq softirq steal; what follows is part of user and nice.
  std::istringstream fields(line);
  std::string name;
  fields >> name;
  CpuTimes times;
  double ticks = 0;
  for (int i = 0; i < 8; ++i) {
    if (!(fields >> ticks)) return std::nullopt;
    times.total += ticks / ticks_per_second;
    if (i != 3 && i != 4) times.busy += ticks / ticks_per_second;
  }
  if (name != "cpu" || !(times.total > 0)) return std::nullopt;
  return times;
}

void DisturbanceMeter::begin() {
  if (since_ == 0) since_ = microseconds_since_1970();
  before_ = cpu_times();
  own_before_ = process_cpu_seconds();
}

void DisturbanceMeter::end() {
  if (gpu_) throttle_bits_ |= gpu_->throttle_bits();
  const double own = process_cpu_seconds() - own_before_;
  const auto after = cpu_times();
  if (!before_ || !after) return;
  others_ += after->busy - before_->busy - own;
  total_ += after->total - before_->total;
}

Disturbance DisturbanceMeter::result() const {
  Disturbance found;
  if (total_ > 0) {
    found.others_cpu_seconds = std::max(0.0, others_);
    found.others_cpu = std::min(1.0, found.others_cpu_seconds / total_);
  }
  if (gpu_ && since_ > 0) found.others_gpu = gpu_->others_share(since_);
  found.throttled = throttle_reasons(throttle_bits_);
  return found;
}

}  // namespace voxelmark
