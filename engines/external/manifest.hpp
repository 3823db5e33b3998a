#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace voxelmark {

/// How an external engine is started, as a file NAME.json says.
struct Manifest {
  std::string name;
  std::vector<std::string> command;
  std::string set_up{};  ///< the command that installs what it needs; may be empty
  std::string folder{};  ///< that the command runs in
};

/// Reads one. Throws BadInput, naming the file, where it is damaged.
Manifest read_manifest(const std::filesystem::path& file);

/// The files *.json of a folder, by name; none where there is no such folder.
std::vector<std::filesystem::path> manifests_in(const std::filesystem::path& folder);

/// Where a user's own manifests are: voxelmark/engines in $XDG_CONFIG_HOME or ~/.config. Empty
/// where neither is known.
std::filesystem::path user_manifests();

}  // namespace voxelmark
