#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  voxelmark::fuzz_csv({reinterpret_cast<const char*>(data), size});
  return 0;
}
