#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reports/results.hpp"
#include "reports/steps.hpp"

namespace voxelmark::report {

/// One result file of a history.
struct HistoryRun {
  std::filesystem::path path;
  std::string name;  ///< unique, of its date and revision; fit for a file's name
  std::string date;  ///< "2026-01-31 11:00 UTC"
  std::string revision;
  std::int64_t when = 0;    ///< the same in seconds since 1970, UTC
  std::size_t machine = 0;  ///< number in History::machines
  std::size_t done = 0, skipped = 0, failed = 0;
  bool incomplete = false;
};

/// What one run says about one case.
struct HistoryPoint {
  std::size_t run = 0;
  Outcome outcome = Outcome::done;
  std::string reason;
  TimePoint time;
  /// Its median over that of the run before, over the median of the up to five runs before, and
  /// over the first one: of the same machine, with a result. Nothing where there is none.
  std::optional<double> to_previous, to_recent, to_first;
};

/// A case's step, by run.
struct HistoryStep {
  std::size_t run = 0;  ///< the first one of the new level
  double ratio = 1;     ///< new over old
};

enum class Trend { steady, slower, faster, failed, skipped, gone, few };
std::string to_string(Trend trend);

struct HistoryCase {
  std::string name, operation, device;
  std::vector<HistoryPoint> points;  ///< by age; runs without the case have none
  std::vector<HistoryStep> steps;    ///< by age, of all machines
  /// How it stands on the machine of its newest point: failed or skipped there; gone from that
  /// machine's newest run; slower by a step that no later one undid; faster than ever since its
  /// last step; few: less runs than steps need.
  Trend trend = Trend::steady;
  std::optional<std::size_t> since;  ///< the first run that is slower, faster or failed
  std::optional<std::size_t>
      last_good;  ///< the last run before it became slower or failed, or its newest
};

struct History {
  std::vector<HistoryRun> runs;  ///< by date, then revision
  std::vector<std::string> machines;
  std::vector<HistoryCase> cases;  ///< by name
};

/// Reads result files one after the other; a file that is there twice counts once. Throws BadInput
/// as read_results does, and where a date is none.
History read_history(const std::vector<std::filesystem::path>& paths);

/// Seconds since 1970 of "2026-01-31T12:00:00+01:00", or nothing.
std::optional<std::int64_t> seconds_of_date(const std::string& date);

}  // namespace voxelmark::report
