#include <algorithm>
#include <cmath>

#include "engines/core/error.hpp"
#include "reports/comparison.hpp"

namespace voxelmark::report {

namespace {

using Values = std::vector<double>;

/// One side's processes; `minima` is shorter where a file has none.
struct Processes {
  Values medians, minima;
};

/// The processes' shortest times, which `bench --runs` puts beside its figures; none where the file
/// has none.
Values minima_of(const Row& row) {
  const auto found = row.details.find("process_min_ms");
  if (found == row.details.end() || found->empty()) return {};
  if (!found->is_array() || found->size() != row.samples_ms.size() ||
      !std::all_of(found->begin(), found->end(), [](const auto& v) { return v.is_number(); }))
    throw BadInput("the case " + row.name + " has process_min_ms that are not " +
                   std::to_string(row.samples_ms.size()) + " numbers");
  return found->get<Values>();
}

void append(Values& to, const Values& from) { to.insert(to.end(), from.begin(), from.end()); }

Processes processes_of(const std::vector<FileRow>& rows) {
  Processes all;
  for (const auto& [row, runs] : rows) {
    if (runs > 1) {
      append(all.medians, row->samples_ms);
      append(all.minima, minima_of(*row));
    } else {
      const double typical = *row->figure("median_ms");
      const auto least = std::min_element(row->samples_ms.begin(), row->samples_ms.end());
      all.medians.push_back(typical);
      all.minima.push_back(least == row->samples_ms.end() ? typical : *least);
    }
  }
  return all;
}

SideTimes side_of(const std::vector<FileRow>& rows, const Processes& all, bool of_medians) {
  SideTimes side;
  side.processes = static_cast<int>(all.medians.size());
  side.values = of_medians ? all.medians : all.minima;
  const Values& samples = rows.front().row->samples_ms;
  if (side.processes == 1 && !samples.empty()) side.values = samples;
  const auto is_no_time = [](double ms) { return !(ms > 0) || !std::isfinite(ms); };
  if (side.values.empty() || std::any_of(side.values.begin(), side.values.end(), is_no_time) ||
      std::any_of(all.medians.begin(), all.medians.end(), is_no_time))
    throw BadInput("the case " + rows.front().row->name + " has times that are not above 0 ms");
  side.typical_ms = median(all.medians);
  side.quick_ms = lower_quartile(side.values);
  return side;
}

}  // namespace

TimeComparison compare_times(const std::vector<FileRow>& base, const std::vector<FileRow>& now) {
  const Processes before = processes_of(base), after = processes_of(now);
  TimeComparison t;
  t.of_medians =
      before.minima.size() != before.medians.size() || after.minima.size() != after.medians.size();
  t.base = side_of(base, before, t.of_medians);
  t.now = side_of(now, after, t.of_medians);
  t.few_processes = std::min(t.base.processes, t.now.processes) < enough_processes;
  t.ratio = t.now.quick_ms / t.base.quick_ms;
  t.ratio_of_medians = t.now.typical_ms / t.base.typical_ms;
  t.interval = bootstrap_ratio(t.base.values, t.now.values);
  t.interval_95 = ratio_confidence_95(t.base.values, t.now.values);
  t.noise_floor = std::max(noise_floor(t.base.values), noise_floor(t.now.values));
  if (t.few_processes)
    t.noise_floor = std::max(t.noise_floor, unknown_noise);
  else
    t.p = mann_whitney_p(t.base.values, t.now.values);
  return t;
}

Verdict verdict_of(const TimeComparison& t, double max_slowdown) {
  const double floor = 1 + t.noise_floor;
  if (t.ratio > max_slowdown && t.interval.lower > floor) return Verdict::slower;
  if (1 / t.ratio > max_slowdown && 1 / t.interval.upper > floor) return Verdict::faster;
  // Had it been slower by just that factor, would the interval have shown it?
  const double lower_if_slower = max_slowdown * t.interval.lower / t.ratio;
  return lower_if_slower > floor ? Verdict::same : Verdict::noisy;
}

}  // namespace voxelmark::report
