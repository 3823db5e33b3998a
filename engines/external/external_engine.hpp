#pragma once
#include <string>
#include <vector>

#include "engines/core/engine.hpp"

namespace voxelmark {

/// Where engines that are other processes come from; docs/external-engines.md.
struct ExternalEngines {
  std::vector<std::string> commands{};  ///< a shell's command line each
  std::vector<std::string> folders{};   ///< of manifests
  std::string shipped{};                ///< the folder of the adapters that come with Voxelmark
  double time_limit = 300;              ///< seconds for one answer
};

/// Those of the commands and folders, which take part by default, then the user's own manifests and
/// those shipped, which take part where they are asked for; of one name the first alone. Throws
/// BadInput where a manifest is damaged, a folder is none, or a command does not start.
std::vector<EngineKind> external_engines(const ExternalEngines& places);

}  // namespace voxelmark
