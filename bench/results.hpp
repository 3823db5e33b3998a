#pragma once
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "bench/engines.hpp"
#include "bench/runner.hpp"

namespace voxelmark {

/// Median seconds of a finished row: compute alone, and with its transfers.
double compute_seconds(const Measurement& measurement);
double total_seconds(const Measurement& measurement);

/// The median of what a call of an external engine takes beyond its own time.
double protocol_seconds(const Measurement& measurement);

/// The quickest row of a group that agrees and runs on a CPU, other than the reference: what
/// speed-ups refer to. Nothing where there is none.
const Row* best_cpu_row(const std::vector<Row>& rows);

/// Whether the device's arithmetic ran at another speed before and after.
bool clock_drifted(const Measurement& measurement);

/// What slowed a measurement from outside, in words: a clock that drifted, other programs' load, a
/// GPU that was throttled. Empty where nothing did.
std::string disturbance_text(const Measurement& measurement);

/// How many rows came out which way.
struct Tally {
  int done = 0, skipped = 0, failed = 0;
  int disagreeing = 0;  ///< of the done ones: external engines' results
};
Tally tally(const std::vector<GroupResult>& groups);

/// One group as a table of at most 120 columns.
std::string table(const GroupResult& group, const OpenEngines& engines);

/// The devices, one line each with indented details.
std::string device_table(const std::vector<EngineEntry>& entries);

/// The measured limits of each opened device.
std::string limits_table(const OpenEngines& engines);

/// What measuring itself costs, in a line.
std::string harness_line();

/// The catalogue in words, of the operations that the filter finds by their names.
std::string operation_list(const std::regex& filter);

/// A result file: Google Benchmark's schema, one row per sample and the aggregates, with our
/// figures as counters, and `voxelmark` objects in `context` and in each case's median row.
std::string results_json(const std::vector<GroupResult>& groups, const OpenEngines& engines,
                         const std::vector<std::string>& command, bool incomplete);

}  // namespace voxelmark
