#pragma once
#include <functional>
#include <vector>

#include "bench/checker.hpp"
#include "bench/engines.hpp"
#include "bench/options.hpp"
#include "bench/sweep.hpp"

namespace voxelmark {

/// Told while a group is measured: how much of it is done, from 0 to 1.
using Progress = std::function<void(double fraction)>;

/// What one group gave.
struct GroupResult {
  std::shared_ptr<const Task> task;
  std::vector<Row> rows;  ///< in the order of the group's cases
  std::string check;      ///< "reference 1.2 s, all 33554432 voxels compared"
};

/// Compares each case with the reference and, where it agrees, measures it; all engines of the
/// group in blocks, interleaved in random order by Google Benchmark's runner. After Ctrl-C the rows
/// that have samples are kept.
GroupResult run_group(const Group& group, const Options& options, OpenEngines& engines,
                      const Progress& progress);

/// Name of the file that --save writes for a case.
std::string result_file_name(const Case& bench_case);

}  // namespace voxelmark
