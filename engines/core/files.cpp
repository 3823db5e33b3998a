#include "engines/core/files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "engines/core/error.hpp"

namespace voxelmark {

namespace {

std::filesystem::path beside(const std::filesystem::path& path) {
  return path.string() + ".tmp-" + std::to_string(getpid());
}

BadInput cannot_write(const std::filesystem::path& path, const std::string& reason) {
  return BadInput("cannot write " + path.string() + ": " + reason);
}

void write_plainly(const std::filesystem::path& file, const std::filesystem::path& meant,
                   const std::string& text) {
  errno = 0;
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw cannot_write(meant, errno ? std::strerror(errno) : "unknown reason");
}

}  // namespace

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path& temporary)>& write) {
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path))
    return write(path);  // a device
  if (std::filesystem::is_symlink(path))
    return write_atomically(std::filesystem::canonical(path), write);
  const std::filesystem::path temporary = beside(path);
  try {
    write(temporary);
    std::filesystem::rename(temporary, path);
  } catch (const std::filesystem::filesystem_error& error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw cannot_write(path, error.code().message());
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  write_atomically(
      path, [&](const std::filesystem::path& temporary) { write_plainly(temporary, path, text); });
}

void require_distinct(const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs) {
  namespace fs = std::filesystem;
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code error;
    // A file that does not exist yet has a name only.
    const auto name = [&](const std::string& path) {
      return fs::weakly_canonical(fs::absolute(path, error), error);
    };
    return name(a) == name(b) || fs::equivalent(a, b, error);
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (const auto& input : inputs)
      if (same(input, outputs[i]))
        throw BadInput(outputs[i] + " is read, and would be overwritten; name another file");
    for (std::size_t j = 0; j < i; ++j)
      if (same(outputs[j], outputs[i]))
        throw BadInput(outputs[i] + " is named for two outputs; name two files");
  }
}

void require_writable(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) throw cannot_write(path, "it is a folder");
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) return;
  const std::filesystem::path temporary = beside(path);
  write_plainly(temporary, path, "");
  std::filesystem::remove(temporary);
}

}  // namespace voxelmark
