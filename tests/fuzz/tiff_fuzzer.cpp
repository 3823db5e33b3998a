#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_tiff.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  voxelmark::fuzz_tiff({reinterpret_cast<const char*>(data), size});
  return 0;
}
