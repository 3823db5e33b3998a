#include "engines/external/manifest.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engines/core/error.hpp"
#include "engines/external/session.hpp"

namespace voxelmark {

namespace fs = std::filesystem;
using nlohmann::json;

Manifest read_manifest(const fs::path& file) {
  std::ifstream stream(file);
  const json document = json::parse(stream, nullptr, false);
  const auto damaged = [&](const std::string& what) {
    return BadInput(file.string() + ": " + what);
  };
  if (!document.is_object())
    throw damaged("is no JSON object, as a manifest of an engine is; mend or delete it");
  Manifest manifest;
  try {
    manifest.name = document.at("name");
    manifest.command = document.at("command");
    manifest.set_up = document.value("set_up", "");
  } catch (const json::exception&) {
    throw damaged("a manifest has \"name\", a text, and \"command\", a list of texts");
  }
  for (const auto& [key, value] : document.items())
    if (key != "name" && key != "command" && key != "set_up")
      throw damaged("a manifest has no \"" + key + "\", but name, command and set_up");
  if (!is_engine_name(manifest.name))
    throw damaged("\"name\" must be 1 to 40 letters a-z, digits and '-'");
  if (manifest.command.empty() || manifest.command[0].empty())
    throw damaged("\"command\" names no program");
  manifest.folder = fs::absolute(file).parent_path();
  return manifest;
}

std::vector<fs::path> manifests_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

fs::path user_manifests() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (const auto config = variable("XDG_CONFIG_HOME"); !config.empty())
    return fs::path(config) / "voxelmark/engines";
  if (const auto home = variable("HOME"); !home.empty())
    return fs::path(home) / ".config/voxelmark/engines";
  return {};
}

}  // namespace voxelmark
