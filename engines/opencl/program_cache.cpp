#include "engines/opencl/program_cache.hpp"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engines/core/files.hpp"

namespace voxelmark::opencl {

namespace {

/// FNV-1a, for the file's name only: the key inside the file decides.
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

}  // namespace

// An entry is the key's length in decimal, a line feed, the key, and the binary.
std::optional<std::vector<unsigned char>> load_program(const std::string& key) {
  std::ifstream file(entry(key), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::string head = std::to_string(key.size()) + "\n" + key;
  if (!text.starts_with(head) || text.size() == head.size()) return std::nullopt;
  return std::vector<unsigned char>(text.begin() + static_cast<std::ptrdiff_t>(head.size()), text.end());
}

void store_program(const std::string& key, const std::vector<unsigned char>& binary) {
  const auto path = entry(key);
  if (path.empty() || binary.empty()) return;
  try {
    std::filesystem::create_directories(path.parent_path());
    write_text(path, std::to_string(key.size()) + "\n" + key + std::string(binary.begin(), binary.end()));
  } catch (const std::exception&) {
    // The next process compiles again.
  }
}

}  // namespace voxelmark::opencl
