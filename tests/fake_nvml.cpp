// A library with the names of NVIDIA's management library, for disturbance_test.cpp: one GPU at
// 0000:41:00.0, which takes 250 W in steps of 20 ms. The environment says what else it tells:
// FAKE_NVML_THROTTLE the reasons, FAKE_NVML_OTHERS percent of the GPU's time for another process,
// FAKE_NVML_STRANGER that this process is not listed, FAKE_NVML_GPUS how many GPUs there are.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

namespace {

struct ProcessSample {
  unsigned pid;
  unsigned long long time_stamp;
  unsigned sm_percent, memory_percent, encoder_percent, decoder_percent;
};

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

constexpr int success = 0, invalid_argument = 2, not_found = 6;
int gpu;

}  // namespace

extern "C" {

int nvmlInit_v2() { return success; }

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = from_environment("FAKE_NVML_GPUS", 1);
  return success;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = &gpu;
  return index == 0 ? success : invalid_argument;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** device) {
  *device = &gpu;
  return std::strcmp(address, "0000:41:00.0") == 0 ? success : not_found;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  *reasons = from_environment("FAKE_NVML_THROTTLE", 0);
  return device == &gpu ? success : invalid_argument;
}

int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto steps = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() / 20;
  *millijoules = static_cast<unsigned long long>(steps) * 20 * 250;
  return device == &gpu ? success : invalid_argument;
}

int nvmlDeviceGetProcessUtilization(void* device, ProcessSample* samples, unsigned* count,
                                    unsigned long long) {
  const bool listed = std::getenv("FAKE_NVML_STRANGER") == nullptr;
  const unsigned own = static_cast<unsigned>(getpid()), other = own + 1;
  const unsigned others = from_environment("FAKE_NVML_OTHERS", 0);
  samples[0] = {other, 1, others - others / 2, 0, 0, 0};  // two samples, the mean of which counts
  samples[1] = {other, 2, others + others / 2, 0, 0, 0};
  samples[2] = {own, 2, 40, 0, 0, 0};
  *count = listed ? 3 : 2;
  return device == &gpu ? success : invalid_argument;
}

}  // extern "C"
