#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/nvml.hpp"

namespace voxelmark {

/// Counts the energy that a device takes, idle or busy: an NVIDIA GPU by its own counter, CPUs by
/// those of all packages (RAPL, Linux's powercap).
class EnergyCounter {
 public:
  /// Nothing where the device has no counter, or none that this user may read.
  static std::optional<EnergyCounter> find(const Device& device,
                                           const std::optional<NvmlDevice>& gpu);
  /// Joules since find(). To be asked at least once a minute, since a package's counter wraps.
  double joules();

 private:
  struct Package {
    std::string file;
    double range = 0, last = 0;  ///< microjoules; the counter begins anew at `range`
  };
  std::optional<NvmlDevice> gpu_;
  std::vector<Package> packages_;
  double sum_ = 0;  ///< joules
};

/// Joules of one call of `run`, as the mean of half a second and more of them, from one step of the
/// counter to another, since counters step every 1 to 100 ms. Nothing where it stands still.
std::optional<double> joules_per_call(EnergyCounter& counter, const std::function<void()>& run);

}  // namespace voxelmark
