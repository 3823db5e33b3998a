#include "reports/findings.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "engines/core/text.hpp"
#include "reports/median.hpp"

namespace voxelmark::report {

namespace {

using Tasks = std::vector<const Task*>;

std::string times(double ratio) { return rounded(ratio, ratio < 100 ? 2 : 3) + "×"; }
std::string percent(double share) { return rounded(100 * share, 2) + " %"; }

double transfer_share(const Row& row) { return 1 - *compute_ms(row) / *with_transfers_ms(row); }

/// One operation on both sides of a comparison.
struct Pair {
  const Row *base, *other;
};

double preparation(const Row& row) { return row.figure("prepare_ms").value_or(0); }

/// Fewer samples have no 95 % interval of their median: their whole range stands for it.
constexpr std::size_t enough_samples = 6;

/// Whether the other's median is the smaller one beyond both 95 % intervals.
bool is_clearly_faster(const Pair& pair) {
  return std::min(pair.other->samples_ms.size(), pair.base->samples_ms.size()) >= enough_samples &&
         pair.other->figure("median_ci_upper_ms") < pair.base->figure("median_ci_lower_ms");
}

/// "Median3D (6.2×), Flip2D (3.4×)": the few that gain most, where anything gains.
template <class Clock>
std::string best_gains(const std::vector<Pair>& pairs, Clock clock) {
  std::vector<std::pair<double, std::string>> gains;
  for (const Pair& pair : pairs) {
    const double ratio = *clock(*pair.base) / *clock(*pair.other);
    if (ratio > 1) gains.emplace_back(ratio, pair.other->operation + " (" + times(ratio) + ")");
  }
  std::stable_sort(gains.begin(), gains.end(), [](auto& a, auto& b) { return a.first > b.first; });
  std::vector<std::string> names;
  for (const auto& [ratio, name] : gains)
    if (names.size() < 3) names.push_back(name);
  return join(names, ", ");
}

/// Speed-ups of one side over the other, by one of the clocks.
struct Speedups {
  std::vector<double> ratios;
  std::size_t faster = 0;

  template <class Clock>
  Speedups(const std::vector<Pair>& pairs, Clock clock) {
    for (const Pair& pair : pairs) ratios.push_back(*clock(*pair.base) / *clock(*pair.other));
    faster = static_cast<std::size_t>(
        std::count_if(ratios.begin(), ratios.end(), [](double r) { return r > 1; }));
  }
};

std::vector<double> transfer_shares(const std::vector<Pair>& pairs) {
  std::vector<double> shares;
  for (const Pair& pair : pairs) shares.push_back(transfer_share(*pair.other));
  return shares;
}

void add_gpu(std::vector<std::string>& sentences, const Cases& cases, const Column& gpu,
             bool name_machine) {
  const auto same = [&](std::size_t c, bool on_gpu) {
    const Column& column = cases.columns[c];
    return column.machine == gpu.machine && !column.is_reference &&
           (on_gpu ? column.is_gpu() && column.device == gpu.device : column.is_cpu());
  };
  std::vector<Pair> pairs;
  bool transfers_left_out = false;
  for (const Task* task : representative_tasks(cases, gpu.machine)) {
    // A GPU cannot be quicker at these than a copy within host memory.
    if (task->is_transfer) {
      transfers_left_out = true;
      continue;
    }
    const Row* cpu = quickest_row(*task, [&](std::size_t c) { return same(c, false); });
    const Row* row = quickest_row(*task, [&](std::size_t c) { return same(c, true); });
    if (cpu && row) pairs.push_back({cpu, row});
  }
  const std::string name = gpu.device + (name_machine ? " in " + gpu.machine : "");
  if (pairs.empty()) {
    sentences.push_back("No operation has a checked result both on " + name +
                        " and on a CPU: nothing can be said about its speed.");
    return;
  }
  const Speedups compute(pairs, compute_ms), total(pairs, with_transfers_ms);
  sentences.push_back(
      "Of " + counted(pairs.size(), "operation") +
      (transfers_left_out ? " (Push and Pull left out)" : "") + ", " +
      std::to_string(compute.faster) + " run faster on " + name + " than on the best CPU engine (" +
      gpu.machine + ") while the data stay on the device, " +
      std::to_string(std::count_if(pairs.begin(), pairs.end(), is_clearly_faster)) +
      " of them beyond both 95 % intervals, median " + times(median(compute.ratios)) + ".");
  const std::string most = best_gains(pairs, with_transfers_ms);
  const auto slowest = std::max_element(pairs.begin(), pairs.end(), [](auto& a, auto& b) {
    return preparation(*a.other) < preparation(*b.other);
  });
  sentences.push_back(
      "With transfers to and from " + name + ", " + std::to_string(total.faster) + " of " +
      std::to_string(pairs.size()) + " do, median " + times(median(total.ratios)) +
      ": transfers are " + percent(median(transfer_shares(pairs))) +
      " of the time of such a call (median)" +
      (most.empty() ? "" : "; the largest gains: " + most) + "." +
      " Preparing a first call, which builds the program where no cache has it, takes up to " +
      rounded(preparation(*slowest->other), 3) + " ms (" + slowest->other->operation + ").");
}

/// "tbb in 20, opencv in 8"
std::string winners(const Cases& cases, const Tasks& tasks, std::size_t& decided) {
  std::vector<std::pair<std::size_t, std::string>> wins;
  for (const Column& column : cases.columns) wins.emplace_back(0, column.label);
  for (const Task* task : tasks) {
    const Row* best =
        quickest_row(*task, [&](std::size_t c) { return !cases.columns[c].is_reference; });
    if (!best) continue;
    ++decided;
    for (const auto& [column, row] : task->rows) wins[column].first += row == best;
  }
  std::stable_sort(wins.begin(), wins.end(), [](auto& a, auto& b) { return a.first > b.first; });
  std::vector<std::string> parts;
  for (const auto& [won, name] : wins)
    if (won) parts.push_back(name + " in " + std::to_string(won));
  return join(parts, ", ");
}

void add_cpus_only(std::vector<std::string>& sentences, const Cases& cases, const Tasks& tasks) {
  std::size_t decided = 0;
  const std::string won = winners(cases, tasks, decided);
  sentences.push_back(
      "No GPU was measured, only engines on the CPU. " +
      (decided ? "Of " + counted(decided, "operation") + ", the quickest engine is " + won + "."
               : std::string("No operation has a checked result.")));
  std::vector<Pair> pairs;
  for (const Task* task : tasks) {
    const auto transfers = [&](std::size_t c) {
      const Row& row = *task->rows.at(c);
      return !cases.columns[c].is_reference && row.figure("push_ms").value_or(0) > 0;
    };
    const Row* with = quickest_row(*task, transfers);
    const Row* without = quickest_row(
        *task, [&](std::size_t c) { return !cases.columns[c].is_reference && !transfers(c); });
    if (with && without) pairs.push_back({without, with});
  }
  if (pairs.empty()) {
    sentences.push_back("No engine copies data to a device: there are no transfers to pay for.");
    return;
  }
  const Speedups total(pairs, with_transfers_ms);
  sentences.push_back("OpenCL on this CPU copies data to the device and back, which is " +
                      percent(median(transfer_shares(pairs))) +
                      " of the time of a call (median); with it, " + std::to_string(total.faster) +
                      " of " + counted(pairs.size(), "operation") +
                      " run faster than on the best engine without copies, median " +
                      times(median(total.ratios)) + ".");
}

/// The row with the largest value of `measure`, which gives nothing for rows that have none.
template <class Measure>
std::optional<std::pair<double, std::string>> largest(const Cases& cases, Measure measure) {
  std::optional<std::pair<double, std::string>> found;
  for (const Task& task : cases.tasks)
    for (const auto& [column, row] : task.rows) {
      if (row->outcome != Outcome::done) continue;
      const std::optional<double> value = measure(*row);
      if (value && (!found || *value > found->first))
        found = {*value, task.text + " on " + cases.columns[column].label};
    }
  return found;
}

bool is_compared(const Row& row) { return is_checked_result(row) && !row.is_reference; }

/// The largest error relative to its bound: 1 is the bound itself.
std::optional<double> share_of_bound(const Row& row) {
  if (!is_compared(row)) return std::nullopt;
  const auto error = row.figure("max_abs_error"), allowed = row.figure("error_allowed");
  if (!error || !allowed || !(*allowed > 0)) return std::nullopt;
  return *error / *allowed;
}

/// 1 − Dice, of masks and labels.
std::optional<double> lost_overlap(const Row& row) {
  const auto dice = row.figure("dice");
  return dice && is_compared(row) ? std::optional(1 - *dice) : std::nullopt;
}

void add_agreement(std::vector<std::string>& sentences, const Cases& cases) {
  std::size_t compared = 0, exact = 0, failed = 0, with_seams = 0;
  std::map<std::string, std::size_t> disagreeing;  // external engines: these are timed all the same
  for (const Task& task : cases.tasks)
    for (const auto& [column, row] : task.rows) {
      failed += row->outcome == Outcome::failed;
      if (row->outcome == Outcome::done && row->disagrees)
        ++(row->details.contains("tiling") ? with_seams : disagreeing[cases.columns[column].label]);
      if (!is_compared(*row)) continue;
      ++compared;
      exact += row->figure("max_abs_error") == 0.0;
    }
  std::string text;
  if (failed) text = counted(failed, "case") + " failed or disagreed with the reference. ";
  text += "Of " + counted(compared, "compared result") + ", " + std::to_string(exact) +
          " equal the double-precision reference exactly";
  if (const auto worst = largest(cases, share_of_bound))
    text += "; the largest disagreement is " + percent(worst->first) + " of its bound (" +
            worst->second + ")";
  if (const auto lost = largest(cases, lost_overlap))
    text += "; of masks and labels the lowest Dice index is " +
            (lost->first > 0 && lost->first < 1e-4 ? "1 − " + rounded(lost->first, 2)
                                                   : rounded(1 - lost->first, 5)) +
            (lost->first > 0 ? " (" + lost->second + ")" : "");
  sentences.push_back(text + ".");
  std::vector<std::string> others;
  for (const auto& [label, count] : disagreeing)
    others.push_back(label + " in " + counted(count, "case"));
  if (!others.empty())
    sentences.push_back(
        "Results of other systems that are not the reference's, which take no part "
        "in these counts: " +
        join(others, ", ") + ". The table marks them; each case says how far they are off.");
  if (with_seams)
    sentences.push_back(
        counted(with_seams, "result") +
        " of tiles that overlap by less than their operation needs, or are on their own, " +
        (with_seams == 1 ? "shows" : "show") + " seams and " +
        (with_seams == 1 ? "takes" : "take") +
        " no part in these counts; each case says how far it is off.");
}

/// How far the 95 % interval of the median reaches from it, relative to it.
std::optional<double> reach_of_interval(const Row& row) {
  const auto lower = row.figure("median_ci_lower_ms"), upper = row.figure("median_ci_upper_ms");
  if (!lower || !upper) return std::nullopt;
  const double ms = *compute_ms(row);
  return std::max(*upper - ms, ms - *lower) / ms;
}

std::optional<double> drift(const Row& row) {
  return std::abs(row.figure("clock_drift").value_or(0));
}

void add_checks(std::vector<std::string>& lines, const std::vector<const Row*>& results) {
  std::size_t whole = 0, sampled = 0, unchecked = 0;
  for (const Row* row : results) {
    if (row->is_reference) continue;
    const std::string check = check_of(*row);
    ++(check == "full" ? whole : check == "none" ? unchecked : sampled);
  }
  std::string compared = counted(whole, "result") + " compared with the reference at every voxel";
  if (sampled) compared += ", " + std::to_string(sampled) + " at a sample of voxels";
  if (unchecked)
    compared += ", " + std::to_string(unchecked) + " not at all, which take no part in speed-ups";
  lines.push_back(compared + ".");
}

/// How well medians are known.
void add_precision(std::vector<std::string>& lines, const Cases& cases,
                   const std::vector<const Row*>& results) {
  const auto widest = largest(cases, reach_of_interval);
  if (!widest) return;
  std::vector<double> reaches;
  for (const Row* row : results)
    if (const auto reach = reach_of_interval(*row)) reaches.push_back(*reach);
  constexpr double useless = 0.5;
  std::string text = "The 95 % interval of a median time reaches " + percent(median(reaches)) +
                     " from it in the middle case, and at the worst " + percent(widest->first) +
                     " (" + widest->second + ").";
  if (const auto n =
          std::count_if(reaches.begin(), reaches.end(), [](double r) { return r > useless; }))
    text += " " + counted(static_cast<std::size_t>(n), "interval") +
            " beyond 50 %: do not rely on these, but measure again on a quieter machine or with a "
            "larger --max-time.";
  lines.push_back(text);
}

void add_drift(std::vector<std::string>& lines, const Cases& cases,
               const std::vector<const Row*>& results) {
  const auto drifted = std::count_if(results.begin(), results.end(),
                                     [](const Row* row) { return clock_drifted(*row); });
  if (drifted == 0) {
    lines.push_back("The machine's speed moved by no more than 2 % in any case.");
    return;
  }
  const auto farthest = *largest(cases, drift);
  lines.push_back("In " + std::to_string(drifted) + " of " + counted(results.size(), "result") +
                  " the machine's speed moved by more than 2 % meanwhile (marked ~), at the worst "
                  "by " +
                  percent(farthest.first) + " (" + farthest.second + ").");
}

void add_background_load(std::vector<std::string>& lines, const Cases& cases,
                         const std::vector<const Row*>& results) {
  const auto loaded = std::count_if(results.begin(), results.end(),
                                    [](const Row* row) { return background_load(*row); });
  if (loaded > 0) {
    std::string text = "In " + std::to_string(loaded) + " of " + counted(results.size(), "result") +
                       " other programs took more than 5 % of the CPUs' or the GPU's time "
                       "meanwhile (marked ~)";
    if (const auto most =
            largest(cases, [](const Row& row) { return row.figure("others_cpu_share"); }))
      text += ", at the worst " + percent(most->first) + " of the CPUs' (" + most->second + ")";
    lines.push_back(text + ".");
  }
  std::set<std::string> reasons;
  std::size_t held_down = 0;
  for (const Row* row : results) {
    const auto of_row = throttled(*row);
    held_down += !of_row.empty();
    reasons.insert(of_row.begin(), of_row.end());
  }
  if (held_down > 0)
    lines.push_back("In " + std::to_string(held_down) + " of " + counted(results.size(), "result") +
                    " something held the GPU's clocks down (marked ~): " +
                    join({reasons.begin(), reasons.end()}, ", ") + ".");
}

}  // namespace

std::vector<std::string> findings(const Cases& cases) {
  std::vector<std::string> sentences;
  const Tasks tasks = representative_tasks(cases);
  std::vector<const Column*> gpus;
  std::set<std::string> machines, seen;
  for (const Column& column : cases.columns) {
    machines.insert(column.machine);
    if (column.is_gpu() && seen.insert(column.machine + "\n" + column.device).second)
      gpus.push_back(&column);
  }
  if (!tasks.empty()) {
    for (const Column* gpu : gpus) add_gpu(sentences, cases, *gpu, machines.size() > 1);
    if (gpus.empty()) add_cpus_only(sentences, cases, tasks);
  }
  add_agreement(sentences, cases);
  return sentences;
}

std::vector<std::string> trust(const Cases& cases, const std::vector<ResultFile>& files) {
  std::vector<const Row*> results;
  for (const Task& task : cases.tasks)
    for (const auto& [column, row] : task.rows)
      if (row->outcome == Outcome::done) results.push_back(row);
  std::vector<std::string> lines;
  add_checks(lines, results);
  add_precision(lines, cases, results);
  add_drift(lines, cases, results);
  add_background_load(lines, cases, results);
  if (const auto few = std::count_if(results.begin(), results.end(), [](const Row* row) {
        return row->samples_ms.size() < enough_samples;
      }))
    lines.push_back(counted(static_cast<std::size_t>(few), "result") +
                    " of fewer than six samples: too few for a 95 % interval, so that their whole "
                    "range stands for it.");
  for (const ResultFile& file : files)
    if (file.incomplete)
      lines.push_back(file.path.filename().string() +
                      " was interrupted: it holds what had been measured by then.");
  if (cases.replaced)
    lines.push_back(counted(cases.replaced, "row") +
                    " are not shown, since a later file has the same case.");
  return lines;
}

}  // namespace voxelmark::report
