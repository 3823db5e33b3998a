#include <CLI/CLI.hpp>

#include "reports/program.hpp"

namespace voxelmark::report {

void add_history(CLI::App&, Action&) {}

}  // namespace voxelmark::report
