#include "bench/nvml.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

/// nvmlProcessUtilizationSample_t of nvml.h.
struct ProcessSample {
  unsigned pid;
  unsigned long long time_stamp;
  unsigned sm_percent, memory_percent, encoder_percent, decoder_percent;
};

/// The functions used, by their names in nvml.h; null where the library lacks one. Each gives 0 for
/// success.
struct Library {
  int (*init)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*by_index)(unsigned, void**) = nullptr;
  int (*by_pci_address)(const char*, void**) = nullptr;
  int (*throttle_reasons)(void*, unsigned long long*) = nullptr;
  int (*total_energy)(void*, unsigned long long*) = nullptr;
  int (*process_utilization)(void*, ProcessSample*, unsigned*, unsigned long long) = nullptr;
  bool usable = false;

  Library() {
    void* library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return;
    const auto load = [&]<class F>(F*& function, const char* name) {
      function = reinterpret_cast<F*>(dlsym(library, name));
    };
    load(init, "nvmlInit_v2");
    load(count, "nvmlDeviceGetCount_v2");
    load(by_index, "nvmlDeviceGetHandleByIndex_v2");
    load(by_pci_address, "nvmlDeviceGetHandleByPciBusId_v2");
    load(throttle_reasons, "nvmlDeviceGetCurrentClocksThrottleReasons");
    load(total_energy, "nvmlDeviceGetTotalEnergyConsumption");
    load(process_utilization, "nvmlDeviceGetProcessUtilization");
    usable = init && count && by_index && by_pci_address && init() == 0;
  }
};

const Library& nvml() {
  static const Library library;
  return library;
}

}  // namespace

std::optional<NvmlDevice> NvmlDevice::find(const Device& device) {
  if (device.type != "GPU" || !contains_ignoring_case(device.name + device.platform, "nvidia") ||
      !nvml().usable)
    return std::nullopt;
  void* handle = nullptr;
  if (!device.pci_address.empty() &&
      nvml().by_pci_address(device.pci_address.c_str(), &handle) == 0)
    return NvmlDevice(handle);
  unsigned count = 0;
  if (nvml().count(&count) == 0 && count == 1 && nvml().by_index(0, &handle) == 0)
    return NvmlDevice(handle);
  return std::nullopt;
}

std::uint64_t NvmlDevice::throttle_bits() const {
  unsigned long long bits = 0;
  if (!nvml().throttle_reasons || nvml().throttle_reasons(handle_, &bits) != 0) return 0;
  return bits;
}

std::optional<double> NvmlDevice::others_share(std::uint64_t since) const {
  constexpr unsigned most = 1024;
  std::vector<ProcessSample> samples(most);
  unsigned count = most;
  if (!nvml().process_utilization ||
      nvml().process_utilization(handle_, samples.data(), &count, since) != 0)
    return std::nullopt;
  std::map<unsigned, std::pair<double, int>> percent_of;  // sum and number of samples
  for (unsigned i = 0; i < count && i < most; ++i) {
    auto& [sum, number] = percent_of[samples[i].pid];
    sum += samples[i].sm_percent;
    ++number;
  }
  if (percent_of.erase(static_cast<unsigned>(getpid())) == 0) return std::nullopt;
  double share = 0;
  for (const auto& [pid, sum] : percent_of) share += sum.first / sum.second / 100;
  return share;
}

std::optional<double> NvmlDevice::joules() const {
  unsigned long long millijoules = 0;
  if (!nvml().total_energy || nvml().total_energy(handle_, &millijoules) != 0) return std::nullopt;
  return 1e-3 * static_cast<double>(millijoules);
}

std::vector<std::string> throttle_reasons(std::uint64_t bits) {
  // nvmlClocksThrottleReason… of nvml.h, without those that are a state and no brake: idle, and
  // clocks that a user chose.
  static const std::vector<std::pair<std::uint64_t, std::string>> names{
      {0x4, "power cap"},
      {0x8, "hardware slowdown"},
      {0x10, "synchronised with others"},
      {0x20, "software heat limit"},
      {0x40, "hardware heat limit"},
      {0x80, "power brake"}};
  std::vector<std::string> reasons;
  for (const auto& [bit, name] : names)
    if (bits & bit) reasons.push_back(name);
  return reasons;
}

}  // namespace voxelmark
