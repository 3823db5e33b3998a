#include "engines/opencl/opencl_engine.hpp"

#include <array>
#include <cstdio>
#include <map>

#include "engines/core/host_engine.hpp"
#include "engines/core/text.hpp"
#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark {

namespace opencl {

Prepared OpenClEngine::prepare(const Request& request) {
  static const std::map<std::string, Make> families{
#define VOXELMARK_FAMILY(family, function) {#family, function},
#include "engines/opencl/families.def"
  };
  const auto found = families.find(request.operation.family);
  if (found == families.end()) return Skip{"the OpenCL engine has no " + request.operation.family};
  return with_context("preparing " + request.operation.name + " on " +
                          to_string(request.inputs[0]->shape(), request.operation.dims) + " " +
                          to_string(request.inputs[0]->dtype()),
                      [&] {
                        PlanBuilder plan(*this, request);
                        return found->second(plan);
                      });
}

namespace {

/// "0000:41:00.0", by the Khronos extension, else by NVIDIA's; empty where a device has neither.
std::string pci_address(const cl::Device& device) {
  const auto info = [&](cl_device_info name, auto& value) {
    return clGetDeviceInfo(device(), name, sizeof value, &value, nullptr) == CL_SUCCESS;
  };
  constexpr cl_device_info khr_info = 0x410F, nv_bus = 0x4008, nv_slot = 0x4009, nv_domain = 0x400A;
  struct {
    cl_uint domain, bus, device, function;
  } place{};
  const auto extensions = device.getInfo<CL_DEVICE_EXTENSIONS>();
  const auto has = [&](const char* name) { return extensions.find(name) != std::string::npos; };
  if (!(has("cl_khr_pci_bus_info") && info(khr_info, place))) {
    if (!has("cl_nv_device_attribute_query")) return "";
    cl_uint slot = 0;  // five bits of device, three of function
    if (!info(nv_bus, place.bus) || !info(nv_slot, slot)) return "";
    info(nv_domain, place.domain);
    place.device = slot >> 3;
    place.function = slot & 7;
  }
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x", place.domain, place.bus,
                place.device, place.function);
  return text.data();
}

Device describe(const cl::Platform& platform, const cl::Device& cl_device) {
  Device device;
  device.engine = "opencl";
  device.name = cl_device.getInfo<CL_DEVICE_NAME>();
  const auto type = cl_device.getInfo<CL_DEVICE_TYPE>();
  device.type = type & CL_DEVICE_TYPE_GPU   ? "GPU"
                : type & CL_DEVICE_TYPE_CPU ? "CPU"
                                            : "accelerator";
  device.platform =
      platform.getInfo<CL_PLATFORM_NAME>() + " " + platform.getInfo<CL_PLATFORM_VERSION>();
  device.driver = cl_device.getInfo<CL_DRIVER_VERSION>();
  device.memory = cl_device.getInfo<CL_DEVICE_GLOBAL_MEM_SIZE>();
  device.largest_allocation = cl_device.getInfo<CL_DEVICE_MAX_MEM_ALLOC_SIZE>();
  device.local_memory = cl_device.getInfo<CL_DEVICE_LOCAL_MEM_SIZE>();
  device.compute_units = cl_device.getInfo<CL_DEVICE_MAX_COMPUTE_UNITS>();
  // CPU runtimes tell the cache of one core, or of one die.
  if (device.is_cpu()) device.last_level_cache = host_last_level_cache();
  if (device.last_level_cache == 0)
    device.last_level_cache = cl_device.getInfo<CL_DEVICE_GLOBAL_MEM_CACHE_SIZE>();
  device.pci_address = pci_address(cl_device);
  return device;
}

std::variant<std::unique_ptr<Engine>, Skip> open(Device device, cl::Device cl_device, int threads) {
  return with_context(
      "opening " + device.name, [&]() -> std::variant<std::unique_ptr<Engine>, Skip> {
        const auto units = static_cast<int>(device.compute_units);
        if (device.is_cpu() && threads > 0 && threads != units) {
          if (threads > units)
            return Skip{device.name + " has " + std::to_string(units) + " compute units, not " +
                        std::to_string(threads)};
          const cl_device_partition_property by_counts[]{CL_DEVICE_PARTITION_BY_COUNTS, threads,
                                                         CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
          std::vector<cl::Device> parts;
          cl_device.createSubDevices(by_counts, &parts);
          cl_device = parts.at(0);
          device.compute_units = static_cast<unsigned>(threads);
        }
        return std::make_unique<OpenClEngine>(device, cl_device);
      });
}

std::vector<EngineEntry> devices() {
  std::vector<EngineEntry> entries;
  std::vector<cl::Platform> platforms;
  cl::Platform::get(&platforms);
  std::map<std::string, int> seen;
  for (const auto& platform : platforms) {
    std::vector<cl::Device> cl_devices;
    try {
      platform.getDevices(CL_DEVICE_TYPE_ALL, &cl_devices);
    } catch (const cl::Error& error) {
      if (error.err() != CL_DEVICE_NOT_FOUND) throw;
    }
    for (const auto& cl_device : cl_devices) {
      Device device = describe(platform, cl_device);
      const int number = seen[device.name]++;
      device.id =
          "opencl:" + identifier(device.name) + (number ? "#" + std::to_string(number) : "");
      entries.push_back(
          {device, [device, cl_device](int threads) { return open(device, cl_device, threads); }});
    }
  }
  return entries;
}

}  // namespace

}  // namespace opencl

EngineKind opencl_engine() {
  return {"opencl", []() -> std::variant<std::vector<EngineEntry>, Skip> {
            const Skip none{
                "no OpenCL device: install the GPU's driver with its ICD, or pocl-opencl-icd "
                "for the CPU"};
            try {
              auto entries = opencl::devices();
              if (entries.empty()) return none;
              return entries;
            } catch (const cl::Error& error) {
              return Skip{none.reason + " (" + error.what() + " gave " +
                          opencl::error_name(error.err()) + ")"};
            }
          }};
}

}  // namespace voxelmark
