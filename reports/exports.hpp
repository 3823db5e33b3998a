#pragma once
#include <string>
#include <vector>

#include "reports/results.hpp"

namespace voxelmark::report {

/// The text of a format; docs/results.md says which tool reads it, and how it names cases.
struct Exported {
  std::string text;
  std::size_t left_out = 0;  ///< cases without a result, where the format has no place for them
};

// The first three are for tools that take one time per case, from one machine. They throw BadInput
// where a case is in two files, where the files' machines differ, or where nothing has a result.

/// Google Benchmark's JSON: one row a case, its median wall time in ms, figures as counters.
Exported to_google_benchmark(const std::vector<ResultFile>& files);

/// github-action-benchmark's `customSmallerIsBetter`: medians in ms.
Exported to_github_action_benchmark(const std::vector<ResultFile>& files);

/// Bencher Metric Format: latency in ns with the interval of the median, throughput in calls/s.
Exported to_bencher(const std::vector<ResultFile>& files);

/// RFC 4180, one line a case, nothing rounded. A text that a spreadsheet would take for a formula
/// gets an apostrophe in front.
Exported to_csv(const std::vector<ResultFile>& files);

/// A table an operation, rounded for reading.
Exported to_markdown(const std::vector<ResultFile>& files);

/// The name of a case in the formats of tools: bytes other than letters, digits and _./:#+- as
/// %HH, and so is the last separator where the name ends as those of aggregates do ("_median").
std::string plain_name(const std::string& name);

}  // namespace voxelmark::report
