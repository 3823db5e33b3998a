#include <string_view>

#include "bench/validate_engines.hpp"
#include "validate/program.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "engines")
    return voxelmark::run_validate_engines(argc - 1, argv + 1);
  return voxelmark::run_validate(argc, argv);
}
