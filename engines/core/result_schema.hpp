#pragma once

namespace voxelmark {

/// Version of the result file that `bench` writes and `report` reads (docs/results.md). It rises
/// where a reader of the version before would misunderstand the file.
inline constexpr int result_schema_version = 1;

}  // namespace voxelmark
