#pragma once

namespace voxelmark {

/// The program `validate` but for `validate engines`; gives the exit code.
int run_validate(int argc, char** argv);

}  // namespace voxelmark
