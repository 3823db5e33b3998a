#include "bench/engines.hpp"

#include <algorithm>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "engines/opencl/opencl_engine.hpp"
#include "engines/opencv/opencv_engine.hpp"
#include "engines/opencv/opencv_umat_engine.hpp"
#include "engines/reference/reference_engine.hpp"
#include "engines/tbb/tbb_engine.hpp"

namespace voxelmark {

std::vector<EngineKind> engine_kinds() {
  return {reference_engine(), tbb_engine(), opencv_engine(), opencv_umat_engine(), opencl_engine()};
}

namespace {

std::vector<EngineEntry> entries_of(const EngineKind& kind) {
  auto entries = kind.entries();
  if (auto* found = std::get_if<std::vector<EngineEntry>>(&entries)) return *found;
  EngineEntry missing;
  missing.device.engine = missing.device.id = kind.name;
  missing.open = [skip = std::get<Skip>(entries)](int) { return skip; };
  return {missing};
}

/// Leaves only the devices that are named, besides the host, which stays for comparison.
void keep_named(std::vector<EngineEntry>& entries, const std::vector<std::string>& parts) {
  // An adapter's CPU may have transfers, and no name to choose it by.
  const auto is_host = [](const Device& device) {
    return device.host_memory || (device.external && device.name == "CPU");
  };
  std::vector<std::string> names;
  for (const auto& entry : entries)
    if (!is_host(entry.device) &&
        std::find(names.begin(), names.end(), entry.device.name) == names.end())
      names.push_back(entry.device.name);
  if (names.empty())
    throw BadInput("--device: none of the engines chosen has a device besides the CPU's threads; "
                   "--engine opencl has");
  for (const auto& part : parts)
    if (std::none_of(names.begin(), names.end(), [&](const auto& name) {
          return contains_ignoring_case(name, part);
        }))
      throw BadInput("--device: no device has '" + part +
                     "' in its name; there is: " + join(names, ", "));
  std::erase_if(entries, [&](const EngineEntry& entry) {
    return !is_host(entry.device) &&
           std::none_of(parts.begin(), parts.end(), [&](const auto& part) {
             return contains_ignoring_case(entry.device.name, part);
           });
  });
}

}  // namespace

std::vector<EngineEntry> find_devices(const EngineSelection& selection) {
  auto kinds = engine_kinds();
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.push_back(kind.name);
  for (auto& kind : external_engines(selection.external)) {
    if (std::find(names.begin(), names.end(), kind.name) != names.end())
      throw BadInput("two engines are called '" + kind.name + "'; give one another name");
    names.push_back(kind.name);
    kinds.push_back(std::move(kind));
  }
  const auto is_named = [&](const std::string& name) {
    return std::find(selection.names.begin(), selection.names.end(), name) != selection.names.end();
  };
  for (const auto& name : selection.names)
    if (name != "all" && std::find(names.begin(), names.end(), name) == names.end())
      throw BadInput("--engine: '" + name + "' is unknown; use all, " + join(names, ", "));
  std::vector<EngineEntry> devices;
  for (const auto& kind : kinds) {
    const bool unnamed = kind.part == EngineKind::Part::always ||
                         (kind.part == EngineKind::Part::by_default && selection.names.empty());
    if (!unnamed && !is_named("all") && !is_named(kind.name)) continue;
    const auto entries = entries_of(kind);
    devices.insert(devices.end(), entries.begin(), entries.end());
  }
  const auto& parts = selection.devices;
  if (!parts.empty() && parts != std::vector<std::string>{"all"}) keep_named(devices, selection.devices);
  return devices;
}

std::variant<OpenEngines::Opened*, Skip> OpenEngines::open(const EngineEntry& entry, int threads) {
  const auto key = std::pair(entry.device.id, threads);
  auto found = opened_.find(key);
  if (found == opened_.end()) {
    auto engine = entry.open(threads);
    if (auto* skip = std::get_if<Skip>(&engine)) {
      found = opened_.emplace(key, *skip).first;
    } else {
      auto& opened = std::get<std::unique_ptr<Engine>>(engine);
      const auto limits = limit_runs_ > 0 && !entry.device.external
                              ? std::optional(measure_limits(*opened, limit_runs_))
                              : std::nullopt;
      found =
          opened_.emplace(key, Opened{std::move(opened), limits, NvmlDevice::find(entry.device)})
              .first;
    }
  }
  if (auto* skip = std::get_if<Skip>(&found->second)) return *skip;
  return &std::get<Opened>(found->second);
}

}  // namespace voxelmark
