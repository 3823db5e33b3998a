#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace voxelmark {

/// Lets `write` fill a temporary file beside `path`, then renames it: `path` appears whole or not
/// at all. Throws BadInput, naming the file and the reason, where that fails.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path& temporary)>& write);

/// The same for a text.
void write_text(const std::filesystem::path& path, const std::string& text);

/// Throws BadInput where one file is named for two outputs, or for an input and an output.
void require_distinct(const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs);

/// Throws BadInput, naming the reason, where a file at `path` could not be written. Leaves nothing.
void require_writable(const std::filesystem::path& path);

}  // namespace voxelmark
