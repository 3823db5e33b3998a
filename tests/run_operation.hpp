#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/execution.hpp"
#include "bench/inputs.hpp"

namespace voxelmark {

/// Parameters as a user writes them.
using Given = std::vector<std::pair<std::string, std::string>>;

/// The defaults with what is given; names that the operation does not have are left out.
inline Parameters with_parameters(const Operation& operation, const Given& given) {
  Parameters parameters(operation.parameters);
  for (const auto& [name, text] : given)
    for (const auto& spec : operation.parameters)
      if (spec.name == name) parameters.set(name, parse_parameter(spec, operation.dims, text));
  return parameters;
}

/// The engine, opened once a process and without measuring its limits; null where it cannot be
/// opened. Never destroyed: when the process ends, a runtime may be gone before its engine.
inline Engine* opened(const EngineEntry& entry) {
  static auto& engines = *new std::map<std::string, std::unique_ptr<Engine>>;
  auto& engine = engines[entry.device.id];
  if (!engine) {
    auto outcome = entry.open(0);
    if (auto* found = std::get_if<std::unique_ptr<Engine>>(&outcome)) engine = std::move(*found);
  }
  return engine.get();
}

}  // namespace voxelmark
