#pragma once

namespace voxelmark {

/// The bench program; gives its exit code.
int run_bench(int argc, char** argv);

}  // namespace voxelmark
