#pragma once

namespace voxelmark {

/// `validate engines`: every engine and device against the reference and against each other, per
/// operation. `argv[0]` is the word "engines"; gives the exit code.
int run_validate_engines(int argc, char** argv);

}  // namespace voxelmark
