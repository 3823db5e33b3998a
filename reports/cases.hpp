#pragma once
#include <map>
#include <string>
#include <vector>

#include "reports/results.hpp"

namespace voxelmark::report {

/// One engine on one device of one machine, with so many threads: a column of the speed-up table.
struct Column {
  std::string label;    ///< "tbb", "opencl:NVIDIA_H200, 16 threads, workstation"
  std::string machine;  ///< "Intel(R) Xeon(R), 16 threads", with the host's name where that differs
  std::string engine, device_id, device, driver, platform;
  std::string type;  ///< "CPU", "GPU"; empty where the device could not be opened
  int threads = 0;
  bool is_reference = false;
  std::map<std::string, double, std::less<>> limits;  ///< as Device::limits

  bool is_cpu() const { return type == "CPU"; }
  bool is_gpu() const { return !is_cpu() && !type.empty(); }
};

/// What rows of all engines have in common.
struct Task {
  std::string text, kind, operation, dtype, parameters;
  std::array<std::int64_t, 3> size{1, 1, 1};
  std::map<std::size_t, const Row*> rows{};  ///< by column
  bool is_transfer = false;                  ///< as Row::is_transfer

  std::int64_t voxels() const { return size[0] * size[1] * size[2]; }
};

/// All rows of all files by task and column. It points into the files.
struct Cases {
  std::vector<Column> columns;
  std::vector<Task> tasks;
  std::size_t replaced = 0;  ///< rows of which a later file has the same case

  explicit Cases(const std::vector<ResultFile>& files);
};

/// A row that takes part in comparisons of speed.
bool is_checked_result(const Row& row);

// What a row's details say, whatever type of JSON they have there.
std::string check_of(const Row& row);  ///< "full", "sample", "none"; empty without a result
bool clock_drifted(const Row& row);    ///< the machine's speed moved meanwhile
bool background_load(const Row& row);  ///< other programs took more than 5 % of the CPUs or the GPU
std::vector<std::string> throttled(const Row& row);  ///< what held the GPU's clocks down
std::string disturbances(const Row& row);            ///< all of these in words, or nothing
std::string remark_on(
    const Row& row);  ///< why it has no result or disagrees, its definition, its input

/// The checked row that is quickest with its transfers, of the columns that `wanted` takes.
template <class Wanted>
const Row* quickest_row(const Task& task, Wanted wanted) {
  const Row* best = nullptr;
  for (const auto& [column, row] : task.rows)
    if (wanted(column) && is_checked_result(*row) &&
        (!best || *with_transfers_ms(*row) < *with_transfers_ms(*best)))
      best = row;
  return best;
}

/// Of each operation the task that most columns have a checked result of, then the largest, then
/// the first; in the order of the files. With `machine`, only its columns count.
std::vector<const Task*> representative_tasks(const Cases& cases, const std::string& machine = "");

}  // namespace voxelmark::report
