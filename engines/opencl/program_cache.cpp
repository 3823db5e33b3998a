#include "engines/opencl/program_cache.hpp"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engines/core/files.hpp"

namespace voxelmark::opencl {

namespace {

/// FNV-1a: names the file, whose key decides, and shows damage to its binary.
std::string hash(const std::string& key) {
  std::uint64_t value = 14695981039346656037u;
  for (const unsigned char c : key) value = (value ^ c) * 1099511628211u;
  std::ostringstream text;
  text << std::hex << value;
  return text.str();
}

std::filesystem::path entry(const std::string& key) {
  std::filesystem::path folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/')
    folder = cache;
  else if (const char* home = std::getenv("HOME"); home && *home == '/')
    folder = std::filesystem::path(home) / ".cache";
  else
    return {};
  return folder / "voxelmark" / (hash(key) + ".program");
}

/// An entry is this and then the binary: a damaged one may crash a driver.
std::string head_of(const std::string& key, const std::string& binary) {
  return std::to_string(key.size()) + "\n" + key + hash(binary) + "\n";
}

}  // namespace

std::optional<std::vector<unsigned char>> load_program(const std::string& key) {
  std::ifstream file(entry(key), std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  const std::string text = contents.str();
  const std::size_t line_feed = text.find('\n', std::to_string(key.size()).size() + 1 + key.size());
  if (line_feed == std::string::npos) return std::nullopt;
  const std::string binary = text.substr(line_feed + 1);
  if (binary.empty() || !text.starts_with(head_of(key, binary))) return std::nullopt;
  return std::vector<unsigned char>(binary.begin(), binary.end());
}

void store_program(const std::string& key, const std::vector<unsigned char>& binary) {
  const auto path = entry(key);
  if (path.empty() || binary.empty()) return;
  try {
    std::filesystem::create_directories(path.parent_path());
    const std::string text(binary.begin(), binary.end());
    write_text(path, head_of(key, text) + text);
  } catch (const std::exception&) {
    // The next process compiles again.
  }
}

}  // namespace voxelmark::opencl
