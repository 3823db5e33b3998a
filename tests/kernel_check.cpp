// Runs every kernel of the OpenCL engine once at awkward shapes. Under Oclgrind
// (kernel_check_test.py) its races, reads of what nobody wrote and accesses out of bounds come to
// light; PoCL, which runs a work-group on one thread, hides them.
#include <algorithm>
#include <iostream>
#include <set>

#include "bench/inputs.hpp"
#include "engines/opencl/opencl_engine.hpp"
#include "engines/operations/catalogue.hpp"
#include "tests/run_operation.hpp"
#include "tests/variants.hpp"

using namespace voxelmark;

namespace {

/// Gives how many operations were run.
int run_all(Engine& engine, const std::set<std::string>& names) {
  int runs = 0;
  for (const auto& operation : catalogue()) {
    if (!names.contains(operation.name)) continue;
    const Shape shape = operation.dims == 2 ? Shape{37, 5, 1} : Shape{11, 5, 3};
    std::cout << operation.name << std::endl;
    for (const DType dtype : operation.dtypes) {
      if (dtype == DType::u16) continue;  // the same kernels as for u8
      const auto images = generated_inputs(operation, "noise", shape, dtype, 7);
      const auto pointers = pointers_to(images);
      const std::int64_t labels = largest_label(operation, pointers);
      for (const auto& parameters : parameter_sets(operation)) {
        // Preparing launches each kernel once.
        const auto made = make_execution(engine, operation, parameters, pointers, labels);
        if (const auto* skip = std::get_if<Skip>(&made)) {
          std::cerr << operation.name << ": " << skip->reason << "\n";
          std::exit(1);
        }
        ++runs;
      }
    }
  }
  return runs;
}

}  // namespace

/// usage: kernel_check --names | --only OPERATION...
int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--names") {
    for (const auto& operation : catalogue()) std::cout << operation.name << "\n";
    return 0;
  }
  const std::set<std::string> names(argv + std::min(argc, 2), argv + argc);
  int runs = 0;
  auto entries = opencl_engine().entries();
  if (const auto* none = std::get_if<Skip>(&entries)) {
    std::cerr << none->reason << "\n";
    return 1;
  }
  for (const auto& entry : std::get<std::vector<EngineEntry>>(entries)) {
    auto engine = std::get<std::unique_ptr<Engine>>(entry.open(0));
    std::cout << "on " << entry.device.name << std::endl;
    runs += run_all(*engine, names);
  }
  std::cout << runs << " runs" << std::endl;
  std::_Exit(runs > 0 ? 0 : 1);  // Oclgrind's runtime does not survive the program's own clean-up
}
