#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"

namespace voxelmark {

/// Reads a file twice. Throws where that ends in anything but the same pixels or a refusal in one
/// line. Returns why it was refused.
inline std::string refusal_of(const std::string& path, const TiffSelection& selection) {
  try {
    const Image image = read_tiff(path, selection), again = read_tiff(path, selection);
    if (image.bytes() == 0 || std::memcmp(image.data(), again.data(), image.bytes()) != 0)
      throw std::logic_error("no pixels, or others when read again");
  } catch (const BadInput& error) {
    const std::string message = error.what();
    if (message.find('\n') != message.npos) throw std::logic_error("a refusal in several lines");
    return message;
  } catch (const NotMeasurable& error) {
    return error.what();
  }
  return {};
}

/// Reads bytes as a TIFF file; hyperstacks also by channel and frame. Throws as refusal_of does.
inline void fuzz_tiff(std::string_view bytes) {
  struct MemoryFile {
    int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    ~MemoryFile() { close(descriptor); }
  } file;
  if (write(file.descriptor, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the file cannot be written");
  const std::string path = "/proc/self/fd/" + std::to_string(file.descriptor);
  if (refusal_of(path, {}).find("--channel") == std::string::npos) return;
  for (const TiffSelection& selection : {TiffSelection{0, 0}, {1, 0}, {0, 1}, {1, 1}})
    refusal_of(path, selection);
}

}  // namespace voxelmark
