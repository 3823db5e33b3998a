#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engines/core/engine.hpp"

namespace voxelmark {

/// What NVIDIA's management library (libnvidia-ml.so.1, looked for at run time) tells of one GPU.
class NvmlDevice {
 public:
  /// The GPU at the device's PCI address; where that is not told, the only one that there is.
  /// Nothing for a device that is no NVIDIA GPU, and without the library.
  static std::optional<NvmlDevice> find(const Device& device);

  /// Why the clocks are lower than they could be, a bit each; 0 where nothing holds them down.
  std::uint64_t throttle_bits() const;
  /// Share of the GPU's time, 0 to 1, that other processes took since `since`, microseconds since
  /// 1970. Nothing where the driver does not tell, or does not list this process: within a
  /// container process ids may be others.
  std::optional<double> others_share(std::uint64_t since) const;
  /// Energy since the driver was loaded; nothing where the GPU does not count it.
  std::optional<double> joules() const;

 private:
  explicit NvmlDevice(void* handle) : handle_(handle) {}
  void* handle_;
};

/// The reasons in words: "power cap", "hardware heat".
std::vector<std::string> throttle_reasons(std::uint64_t bits);

}  // namespace voxelmark
