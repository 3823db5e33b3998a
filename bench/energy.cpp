#include "bench/energy.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engines/core/clock.hpp"

namespace voxelmark {

namespace {

namespace fs = std::filesystem;

std::optional<double> number_in(const fs::path& file) {
  std::ifstream stream(file);
  double value = 0;
  if (!(stream >> value)) return std::nullopt;
  return value;
}

/// VOXELMARK_POWERCAP names another folder, for tests.
fs::path powercap_folder() {
  const char* place = std::getenv("VOXELMARK_POWERCAP");
  return place && *place ? place : "/sys/class/powercap";
}

}  // namespace

std::optional<EnergyCounter> EnergyCounter::find(const Device& device,
                                                 const std::optional<NvmlDevice>& gpu) {
  EnergyCounter counter;
  if (gpu && gpu->joules()) {
    counter.gpu_ = gpu;
    counter.sum_ = *gpu->joules();
    return counter;
  }
  if (!device.is_cpu()) return std::nullopt;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(powercap_folder(), none)) {
    // "intel-rapl:0" is a package, on AMD's processors too; "intel-rapl:0:0" a part of one.
    const std::string name = entry.path().filename().string(), prefix = "intel-rapl:";
    if (!name.starts_with(prefix) || name.find(':', prefix.size()) != std::string::npos) continue;
    const auto now = number_in(entry.path() / "energy_uj"),
               range = number_in(entry.path() / "max_energy_range_uj");
    if (!now) return std::nullopt;
    counter.packages_.push_back({(entry.path() / "energy_uj").string(), range.value_or(0), *now});
  }
  if (counter.packages_.empty()) return std::nullopt;
  return counter;
}

double EnergyCounter::joules() {
  if (gpu_) return gpu_->joules().value_or(sum_) - sum_;
  for (Package& package : packages_) {
    const double now = number_in(package.file).value_or(package.last);
    sum_ += 1e-6 * (now - package.last + (now < package.last ? package.range : 0));
    package.last = now;
  }
  return sum_;
}

std::optional<double> joules_per_call(EnergyCounter& counter, const std::function<void()>& run) {
  // Counters take long to read: once a few milliseconds is enough.
  constexpr double between_readings = 2e-3, long_enough = 0.5, too_long = 1;
  struct Step {
    double joules, calls;
  };
  double calls = 0;
  /// Works for `least` seconds and on to the next step.
  const auto next_step = [&](double least) -> std::optional<Step> {
    double last = counter.joules();
    const auto start = Clock::now();
    double quiet_since = 0;
    while (true) {
      const auto batch = Clock::now();
      do {
        run();
        ++calls;
      } while (seconds_since(batch) < between_readings);
      const double now = counter.joules(), elapsed = seconds_since(start);
      if (now != last && elapsed >= least) return Step{now, calls};
      if (now != last) quiet_since = elapsed;
      if (elapsed - quiet_since > too_long) return std::nullopt;
      last = now;
    }
  };
  const auto first = next_step(0);
  const auto second = first ? next_step(long_enough) : std::nullopt;
  if (!second) return std::nullopt;
  return (second->joules - first->joules) / (second->calls - first->calls);
}

}  // namespace voxelmark
