#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/comparison_statistics.hpp"
#include "reports/median.hpp"
#include "reports/results.hpp"

namespace voxelmark::report {

/// What became of a case; docs/comparing.md has the words.
enum class Verdict { slower, disagrees, failed, gone, noisy, faster, added, skipped, same };
inline constexpr std::array all_verdicts{Verdict::slower, Verdict::disagrees, Verdict::failed,
                                         Verdict::gone,   Verdict::noisy,     Verdict::faster,
                                         Verdict::added,  Verdict::skipped,   Verdict::same};
std::string to_string(Verdict verdict);  ///< "slower", …; added is "new"

struct ComparisonRule {
  double max_slowdown = 1.05;  ///< ratio of times above which a case is slower; > 1
  bool allow_gone = false;     ///< a case that is gone is no alarm
  bool across_machines = false;
};

/// A row, and the fresh processes that its file was made of.
struct FileRow {
  const Row* row = nullptr;
  int runs = 1;
};

/// What is compared of one side of a case, in ms.
struct SideTimes {
  std::vector<double> values;  ///< one per process; the samples where there is one process alone
  int processes = 0;
  double typical_ms = 0;  ///< median over the processes' medians
  double quick_ms = 0;    ///< lower quartile of the values
};

/// The times of a case that both sides measured.
struct TimeComparison {
  SideTimes base, now;
  bool of_medians = false;     ///< values are the processes' medians, not their shortest times
  bool few_processes = false;  ///< fewer than `enough_processes` on a side
  double ratio = 1;            ///< now.quick_ms / base.quick_ms
  double ratio_of_medians = 1;
  RatioInterval interval;      ///< of the ratio, 90 %
  RatioInterval interval_95;   ///< holds 1 in 95 of 100 comparisons of a build with itself
  double noise_floor = 0;      ///< as a share: 0.02 is 2 %
  std::optional<double> p, q;  ///< not where there are few processes
};

/// With fewer fresh processes on a side, what differs between processes is unknown.
inline constexpr int enough_processes = 4;
/// The noise floor there: only what takes twice the time is told from chance.
inline constexpr double unknown_noise = 1.0;

/// Compares the processes' shortest times; their medians where one of the files has no shortest
/// ones. Rows must be done. Throws BadInput at times that are none.
TimeComparison compare_times(const std::vector<FileRow>& base, const std::vector<FileRow>& now);

Verdict verdict_of(const TimeComparison& times, double max_slowdown);

/// One case, on both sides.
struct CaseComparison {
  std::string name;
  const Row* row = nullptr;  ///< the new one, or the base's where there is none
  Verdict verdict = Verdict::same;
  bool alarm = false;
  std::optional<TimeComparison> times;
  std::vector<std::string> reasons;  ///< why it failed, what disagrees, why it is gone
};

/// One side: what was measured, when and where.
struct SideSummary {
  std::vector<std::string> files, revisions, dates, machines, versions;  ///< each without repeats
  int fewest_processes = 0, most_processes = 0;                          ///< over the cases
  bool incomplete = false;
};

struct Comparison {
  ComparisonRule rule;
  SideSummary base, now;
  std::vector<CaseComparison> cases;  ///< alarms first, then by verdict, then as in the files
  std::map<Verdict, int> counts;
  int alarms = 0;
};

/// Compares case by case, by name. The files must outlive the result. Throws BadInput where no
/// case is on both sides.
Comparison compare(const std::vector<ResultFile>& base, const std::vector<ResultFile>& now,
                   const ComparisonRule& rule);

/// What of both machines is not the same, a line each, as in "cpu: 'A' against 'B'"; empty where
/// times can be compared. Engines that one side alone has do not count.
std::vector<std::string> machine_differences(const ResultFile& a, const ResultFile& b);

}  // namespace voxelmark::report
