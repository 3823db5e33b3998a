#include "reports/comparison.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "engines/core/error.hpp"
#include "reports/agreement_drift.hpp"

namespace voxelmark::report {

namespace {

using Rows = std::vector<FileRow>;

/// One side's files as cases.
struct Side {
  std::vector<std::string> order;
  std::unordered_map<std::string, Rows> cases;

  explicit Side(const std::vector<ResultFile>& files) {
    for (const ResultFile& file : files)
      for (const Row& row : file.rows) {
        const auto [found, is_new] = cases.try_emplace(row.name);
        if (is_new) order.push_back(row.name);
        found->second.push_back({&row, file.runs});
      }
  }

  const Rows& rows(const std::string& name) const {
    static const Rows none;
    const auto found = cases.find(name);
    return found == cases.end() ? none : found->second;
  }
};

/// What a case came to on one side: the last of these that one of its files has.
enum class State { absent, skipped, done, failed, disagrees };

State state_of(const Rows& rows) {
  State state = State::absent;
  for (const auto& [row, runs] : rows)
    state = std::max(state, row->disagrees                     ? State::disagrees
                            : row->outcome == Outcome::failed  ? State::failed
                            : row->outcome == Outcome::skipped ? State::skipped
                                                               : State::done);
  return state;
}

Rows done_rows(const Rows& rows) {
  Rows done;
  for (const FileRow& file_row : rows)
    if (file_row.row->outcome == Outcome::done) done.push_back(file_row);
  return done;
}

void add_unique(std::vector<std::string>& list, const std::string& text) {
  if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end())
    list.push_back(text);
}

SideSummary summary_of(const std::vector<ResultFile>& files, const Side& side) {
  SideSummary summary;
  for (const ResultFile& file : files) {
    summary.files.push_back(file.path.string());
    add_unique(summary.revisions, file.git_revision);
    add_unique(summary.dates, file.date);
    add_unique(summary.machines, file.machine());
    add_unique(summary.versions, file.version);
    summary.incomplete |= file.incomplete;
  }
  for (const auto& [name, rows] : side.cases) {
    int processes = 0;
    for (const FileRow& file_row : rows) processes += file_row.runs;
    summary.most_processes = std::max(summary.most_processes, processes);
    if (summary.fewest_processes == 0 || processes < summary.fewest_processes)
      summary.fewest_processes = processes;
  }
  return summary;
}

std::vector<std::string> reasons_of(const Rows& rows) {
  std::vector<std::string> reasons;
  for (const FileRow& file_row : rows) add_unique(reasons, file_row.row->reason);
  return reasons;
}

void add_agreement_faults(CaseComparison& c, const Rows& base, const Rows& now) {
  std::vector<const Row*> before;
  for (const FileRow& file_row : base) before.push_back(file_row.row);
  for (const FileRow& file_row : now)
    for (const auto& fault : agreement_faults(*file_row.row, before)) add_unique(c.reasons, fault);
  if (c.reasons.empty()) return;
  c.verdict = Verdict::disagrees;
  c.alarm = true;
}

CaseComparison judge(const std::string& name, const Rows& base, const Rows& now,
                     const ComparisonRule& rule) {
  CaseComparison c;
  c.name = name;
  c.row = (now.empty() ? base : now).front().row;
  const State before = state_of(base), after = state_of(now);
  const bool was_measured = before == State::done;
  if (after == State::disagrees) {
    c.verdict = Verdict::disagrees;
    c.alarm = before != State::disagrees;
    c.reasons = reasons_of(now);
  } else if (after == State::failed) {
    c.verdict = Verdict::failed;
    c.alarm = was_measured;
    c.reasons = reasons_of(now);
  } else if (after == State::done && was_measured) {
    c.times = compare_times(done_rows(base), done_rows(now));
    c.verdict = verdict_of(*c.times, rule.max_slowdown);
    c.alarm = c.verdict == Verdict::slower;
    add_agreement_faults(c, done_rows(base), done_rows(now));
  } else if (after == State::done) {
    c.verdict = Verdict::added;
    add_agreement_faults(c, {}, done_rows(now));
  } else if (was_measured || after == State::absent) {
    c.verdict = Verdict::gone;
    c.alarm = was_measured && !rule.allow_gone;
    c.reasons =
        after == State::skipped
            ? reasons_of(now)
            : std::vector<std::string>{was_measured ? "is not in the new results"
                                                    : "is not in the new results, and was not "
                                                      "measured before either: no alarm"};
  } else {
    c.verdict = Verdict::skipped;
    c.reasons = reasons_of(now);
  }
  return c;
}

void add_q_values(std::vector<CaseComparison>& cases) {
  std::vector<TimeComparison*> tested;
  std::vector<double> p;
  for (CaseComparison& c : cases)
    if (c.times && c.times->p) {
      tested.push_back(&*c.times);
      p.push_back(*c.times->p);
    }
  const auto q = benjamini_hochberg(p);
  for (std::size_t i = 0; i < q.size(); ++i) tested[i]->q = q[i];
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::slower:
      return "slower";
    case Verdict::disagrees:
      return "disagrees";
    case Verdict::failed:
      return "failed";
    case Verdict::gone:
      return "gone";
    case Verdict::noisy:
      return "noisy";
    case Verdict::faster:
      return "faster";
    case Verdict::added:
      return "new";
    case Verdict::skipped:
      return "skipped";
    case Verdict::same:
      return "same";
  }
  throw std::logic_error("no such Verdict");
}

Comparison compare(const std::vector<ResultFile>& base, const std::vector<ResultFile>& now,
                   const ComparisonRule& rule) {
  const Side before(base), after(now);
  Comparison comparison{rule, summary_of(base, before), summary_of(now, after), {}, {}, 0};
  bool shared = false;
  for (const auto& name : after.order) {
    shared |= before.cases.contains(name);
    comparison.cases.push_back(judge(name, before.rows(name), after.rows(name), rule));
  }
  if (!shared)
    throw BadInput(
        "no case is in both results: there is nothing to compare (different operations, "
        "sizes, types, parameters or devices?)");
  for (const auto& name : before.order)
    if (!after.cases.contains(name))
      comparison.cases.push_back(judge(name, before.rows(name), {}, rule));
  add_q_values(comparison.cases);
  std::stable_sort(comparison.cases.begin(), comparison.cases.end(),
                   [](const CaseComparison& a, const CaseComparison& b) {
                     return a.alarm != b.alarm ? a.alarm : a.verdict < b.verdict;
                   });
  for (const CaseComparison& c : comparison.cases) {
    ++comparison.counts[c.verdict];
    comparison.alarms += c.alarm;
  }
  return comparison;
}

std::vector<std::string> machine_differences(const ResultFile& a, const ResultFile& b) {
  std::vector<std::string> differences;
  const auto expect_same = [&](const std::string& what, const std::string& x,
                               const std::string& y) {
    if (x != y) add_unique(differences, what + ": '" + x + "' against '" + y + "'");
  };
  expect_same("CPU", a.cpu, b.cpu);
  expect_same("CPU threads", std::to_string(a.cpu_threads), std::to_string(b.cpu_threads));
  const auto engine_of = [](const Device& device) {
    return device.id.substr(0, device.id.find(':'));
  };
  for (const Device& x : a.devices) {
    std::string others;
    bool found = false;
    for (const Device& y : b.devices) {
      if (x.name.empty() || y.name.empty() || engine_of(x) != engine_of(y)) continue;
      others = others.empty() ? y.name : others + ", " + y.name;
      if (x.id != y.id) continue;
      found = true;
      expect_same(x.id, x.name + ", driver " + x.driver, y.name + ", driver " + y.driver);
    }
    if (!found && !others.empty()) expect_same("devices of " + engine_of(x), x.name, others);
  }
  return differences;
}

}  // namespace voxelmark::report
