#include "bench/process_memory.hpp"

#include <fstream>
#include <string>

namespace voxelmark {

namespace {

std::size_t bytes_in_status(const std::string& key) {
  std::ifstream file("/proc/self/status");
  std::size_t kilobytes = 0;
  for (std::string word; file >> word;)
    if (word == key && file >> kilobytes) return kilobytes * 1024;
  return 0;
}

}  // namespace

std::size_t resident_bytes() { return bytes_in_status("VmRSS:"); }
std::size_t peak_resident_bytes() { return bytes_in_status("VmHWM:"); }

}  // namespace voxelmark
