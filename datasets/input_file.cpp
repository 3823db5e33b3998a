#include "datasets/input_file.hpp"

#include "engines/core/error.hpp"

namespace voxelmark {

std::uintmax_t input_file_bytes(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& why) { throw BadInput(path.string() + ": " + why); };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail(error ? error.message() : "No such file");
  if (std::filesystem::is_directory(status)) fail("is a folder, not a file");
  if (!std::filesystem::is_regular_file(status)) fail("is not a regular file");
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) fail(error.message());
  if (bytes == 0) fail("the file is empty");
  return bytes;
}

}  // namespace voxelmark
