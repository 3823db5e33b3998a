#include "reports/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "reports/json_fields.hpp"
#include "reports/median.hpp"

namespace voxelmark::report {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t recent_runs = 5, runs_for_steps = 6;

/// A file's points, until the order of the runs is known.
struct Reading {
  HistoryRun run;
  std::string machine;
  std::vector<std::pair<const Row, HistoryPoint>> rows;
};

HistoryPoint point_of(const Row& row) {
  HistoryPoint point;
  point.outcome = row.outcome;
  point.reason = row.reason;
  if (const auto ms = compute_ms(row); ms && row.outcome == Outcome::done)
    point.time = {*ms, row.figure("median_ci_lower_ms").value_or(*ms),
                  row.figure("median_ci_upper_ms").value_or(*ms)};
  return point;
}

/// What a history needs of a row; files may be many and large.
Row title_of(const Row& row) {
  Row title;
  title.name = row.name;
  title.operation = row.operation;
  title.device = row.device;
  return title;
}

Reading read(const fs::path& path) {
  const ResultFile file = read_results(path);
  Reading reading;
  HistoryRun& run = reading.run;
  run.path = path;
  run.revision = file.git_revision;
  run.incomplete = file.incomplete;
  const auto when = seconds_of_date(file.date);
  if (!when)
    throw BadInput(shown(path.string()) + ": has the date \"" + shown(file.date) +
                   "\", which is not like 2026-01-31T12:00:00+01:00");
  run.when = *when;
  reading.machine = file.machine();
  for (const Row& row : file.rows) {
    ++(row.outcome == Outcome::done      ? run.done
       : row.outcome == Outcome::skipped ? run.skipped
                                         : run.failed);
    reading.rows.emplace_back(title_of(row), point_of(row));
  }
  return reading;
}

bool same(const Reading& a, const Reading& b) {
  const auto key = [](const Reading& r) {
    return std::tie(r.run.when, r.run.revision, r.machine, r.run.done, r.run.skipped, r.run.failed);
  };
  return key(a) == key(b) && std::equal(a.rows.begin(), a.rows.end(), b.rows.begin(), b.rows.end(),
                                        [](const auto& x, const auto& y) {
                                          return x.first.name == y.first.name &&
                                                 x.second.time.median == y.second.time.median;
                                        });
}

std::vector<Reading> read_in_order(const std::vector<fs::path>& paths) {
  std::vector<Reading> readings;
  for (const fs::path& path : paths) {
    Reading reading = read(path);
    if (std::none_of(readings.begin(), readings.end(),
                     [&](const Reading& other) { return same(other, reading); }))
      readings.push_back(std::move(reading));
  }
  std::stable_sort(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) {
    return std::tie(a.run.when, a.run.revision) < std::tie(b.run.when, b.run.revision);
  });
  return readings;
}

/// "2026-01-31T11:00:00".
std::string utc(std::int64_t when) {
  const std::chrono::sys_seconds time{std::chrono::seconds(when)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                int(clock.minutes().count()), int(clock.seconds().count()));
  return text.data();
}

/// "2026-01-31T11-00-00Z_abc123".
std::string run_name(const HistoryRun& run, std::set<std::string>& taken) {
  const std::string revision = identifier(run.revision).substr(0, 60);
  std::string base = utc(run.when) + "Z" + (revision.empty() ? "" : "_" + revision);
  std::replace(base.begin(), base.end(), ':', '-');
  std::string name = base;
  for (int i = 2; !taken.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

/// The done points of one case on one machine, with what is computed from them.
void compare_on_machine(HistoryCase& c, const std::vector<HistoryPoint*>& points) {
  std::vector<TimePoint> times;
  std::vector<double> medians;
  for (HistoryPoint* point : points) {
    const double ms = point->time.median;
    if (!medians.empty()) {
      const std::size_t recent = std::min(recent_runs, medians.size());
      point->to_previous = ms / medians.back();
      point->to_recent =
          ms / median({medians.end() - static_cast<std::ptrdiff_t>(recent), medians.end()});
      point->to_first = ms / medians.front();
    }
    medians.push_back(ms);
    times.push_back(point->time);
  }
  for (const Step& step : find_steps(times))
    c.steps.push_back({points[step.first]->run, step.ratio});
}

/// The last step up that later steps did not undo.
std::optional<HistoryStep> lasting_slowdown(const std::vector<HistoryStep>& steps) {
  constexpr double least = 1.05;
  double ratio = 1;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    ratio *= step->ratio;
    if (step->ratio > 1) return ratio > least ? std::optional(*step) : std::nullopt;
  }
  return std::nullopt;
}

/// Whether the last step led below all levels before it.
bool is_fastest_yet(const std::vector<HistoryStep>& steps) {
  constexpr double least = 1.05;
  if (steps.empty() || steps.back().ratio > 1) return false;
  double level = 1, lowest = 1;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i)
    lowest = std::min(lowest, level *= steps[i].ratio);
  return level * steps.back().ratio * least < lowest;
}

void judge_failed(HistoryCase& c) {
  c.trend = Trend::failed;
  for (auto point = c.points.rbegin(); point != c.points.rend(); ++point) {
    if (point->outcome == Outcome::done) {
      c.last_good = point->run;
      return;
    }
    if (point->outcome == Outcome::failed) c.since = point->run;
  }
}

/// `here`: the done points on the machine of its newest point; `steps`: those among them.
void judge(HistoryCase& c, const std::vector<HistoryPoint*>& here,
           const std::vector<HistoryStep>& steps, bool in_newest_run) {
  const Outcome outcome = c.points.back().outcome;
  if (outcome == Outcome::failed) return judge_failed(c);
  if (!here.empty()) c.last_good = here.back()->run;
  const auto slowdown = lasting_slowdown(steps);
  if (slowdown) {
    const auto after = std::find_if(here.begin(), here.end(),
                                    [&](const HistoryPoint* p) { return p->run == slowdown->run; });
    c.since = slowdown->run;
    c.last_good = (*std::prev(after))->run;
  } else if (is_fastest_yet(steps)) {
    c.since = steps.back().run;
  }
  c.trend = outcome == Outcome::skipped    ? Trend::skipped
            : !in_newest_run               ? Trend::gone
            : here.size() < runs_for_steps ? Trend::few
            : slowdown                     ? Trend::slower
            : c.since                      ? Trend::faster
                                           : Trend::steady;
}

void evaluate(HistoryCase& c, const History& history, const std::vector<std::size_t>& newest_runs) {
  std::map<std::size_t, std::vector<HistoryPoint*>> by_machine;
  for (HistoryPoint& point : c.points)
    if (point.outcome == Outcome::done)
      by_machine[history.runs[point.run].machine].push_back(&point);
  const std::size_t newest = c.points.back().run, machine = history.runs[newest].machine;
  std::vector<HistoryStep> steps_here;
  for (const auto& [number, points] : by_machine) {
    const std::size_t before = c.steps.size();
    compare_on_machine(c, points);
    if (number == machine)
      steps_here.assign(c.steps.begin() + static_cast<std::ptrdiff_t>(before), c.steps.end());
  }
  std::sort(c.steps.begin(), c.steps.end(),
            [](const auto& a, const auto& b) { return a.run < b.run; });
  judge(c, by_machine[machine], steps_here, newest_runs[machine] == newest);
}

}  // namespace

std::string to_string(Trend trend) {
  switch (trend) {
    case Trend::steady:
      return "steady";
    case Trend::slower:
      return "slower";
    case Trend::faster:
      return "faster";
    case Trend::failed:
      return "failed";
    case Trend::skipped:
      return "skipped";
    case Trend::gone:
      return "gone";
    case Trend::few:
      return "few runs";
  }
  throw std::logic_error("no such Trend");
}

std::optional<std::int64_t> seconds_of_date(const std::string& date) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, read = 0;
  std::sscanf(date.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
              &second, &read);
  if (read != 19) return std::nullopt;
  const std::string zone = date.substr(19);
  int hours = 0, minutes = 0, end = 0;
  char sign = '+';
  if (zone != "Z" &&
      (std::sscanf(zone.c_str(), "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 || end != 6 ||
       zone.size() != 6 || (sign != '+' && sign != '-')))
    return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(year),
                                        std::chrono::month(unsigned(month)),
                                        std::chrono::day(unsigned(day))};
  const auto in = [](int value, int most) { return value >= 0 && value <= most; };
  if (year < 1 || !ymd.ok() || !in(hour, 23) || !in(minute, 59) || !in(second, 60) ||
      !in(hours, 23) || !in(minutes, 59))
    return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(ymd).time_since_epoch().count();
  const int offset = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return days * 86400 + hour * 3600 + minute * 60 + second - offset;
}

History read_history(const std::vector<fs::path>& paths) {
  History history;
  std::map<std::string, HistoryCase> cases;
  std::set<std::string> names;
  for (Reading& reading : read_in_order(paths)) {
    const std::size_t number = history.runs.size();
    HistoryRun& run = history.runs.emplace_back(std::move(reading.run));
    run.name = run_name(run, names);
    const std::string date = utc(run.when);
    run.date = date.substr(0, 10) + " " + date.substr(11, 5) + " UTC";
    const auto machine =
        std::find(history.machines.begin(), history.machines.end(), reading.machine);
    run.machine = static_cast<std::size_t>(machine - history.machines.begin());
    if (machine == history.machines.end()) history.machines.push_back(reading.machine);
    for (auto& [row, point] : reading.rows) {
      HistoryCase& c = cases[row.name];
      c.name = row.name;
      c.operation = row.operation;
      c.device = row.device;
      point.run = number;
      c.points.push_back(std::move(point));
    }
  }
  std::vector<std::size_t> newest_runs(history.machines.size());
  for (std::size_t i = 0; i < history.runs.size(); ++i) newest_runs[history.runs[i].machine] = i;
  for (auto& [name, c] : cases) {
    evaluate(c, history, newest_runs);
    history.cases.push_back(std::move(c));
  }
  return history;
}

}  // namespace voxelmark::report
