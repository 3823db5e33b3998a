#include "reports/history_page.hpp"

#include <algorithm>

#include "engines/core/text.hpp"
#include "reports/page_model.hpp"
#include "reports/page_template.hpp"

namespace voxelmark::report {

namespace {

namespace mustache = kainjow::mustache;
using mustache::list;
using mustache::object;
using nlohmann::json;

constexpr std::size_t most_changes = 200;

/// Five digits are more than any of these figures has.
json cut(std::optional<double> value) { return value ? json(to_5_digits(*value)) : json(); }

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

/// [run, ms, lower, upper, to previous, to recent, to first], or [run, outcome, reason].
json point_json(const HistoryPoint& p) {
  if (p.outcome != Outcome::done) return {p.run, to_string(p.outcome), p.reason};
  return {p.run,
          cut(p.time.median),
          cut(p.time.lower),
          cut(p.time.upper),
          cut(p.to_previous),
          cut(p.to_recent),
          cut(p.to_first)};
}

json case_json(const HistoryCase& c) {
  json points = json::array(), steps = json::array();
  for (const HistoryPoint& p : c.points) points.push_back(point_json(p));
  for (const HistoryStep& s : c.steps) steps.push_back({s.run, cut(s.ratio)});
  return {{"name", c.name},
          {"device", c.device},
          {"trend", to_string(c.trend)},
          {"since", or_null(c.since)},
          {"good", or_null(c.last_good)},
          {"steps", steps},
          {"points", points}};
}

/// What the page's script draws from.
std::string model(const History& history) {
  json runs = json::array(), cases = json::array();
  for (const HistoryRun& run : history.runs)
    runs.push_back({{"name", run.name},
                    {"date", run.date},
                    {"revision", run.revision},
                    {"machine", run.machine},
                    {"incomplete", run.incomplete}});
  for (const HistoryCase& c : history.cases) cases.push_back(case_json(c));
  return script_text({{"runs", runs}, {"machines", history.machines}, {"cases", cases}});
}

std::size_t count(const History& history, Trend trend) {
  return static_cast<std::size_t>(
      std::count_if(history.cases.begin(), history.cases.end(),
                    [&](const HistoryCase& c) { return c.trend == trend; }));
}

list sentences(const History& history) {
  const HistoryRun &first = history.runs.front(), &last = history.runs.back();
  list all{counted(history.runs.size(), "run") + " on " +
           counted(history.machines.size(), "machine") + ", from " + first.date + " to " +
           last.date + ", with " + counted(history.cases.size(), "case") + "."};
  std::string now = counted(count(history, Trend::slower), "case") +
                    " slower since a lasting step, " +
                    std::to_string(count(history, Trend::faster)) + " faster, " +
                    std::to_string(count(history, Trend::steady)) + " steady, " +
                    std::to_string(count(history, Trend::failed)) + " failed or disagreed last";
  for (const auto& [trend, words] : {std::pair{Trend::few, " with too few runs for a step"},
                                     {Trend::skipped, " skipped last"},
                                     {Trend::gone, " not in the newest run of their machine"}})
    if (const std::size_t n = count(history, trend)) now += ", " + std::to_string(n) + words;
  all.push_back(now + ".");
  const HistoryCase* most = nullptr;
  double change = 1;
  for (const HistoryCase& c : history.cases)
    if (const HistoryPoint& p = c.points.back();
        p.run + 1 == history.runs.size() && p.to_previous.value_or(0) > change) {
      most = &c;
      change = *p.to_previous;
    }
  if (most)
    all.push_back("Against the run before, the newest one is slowest in " + most->name + ": " +
                  rounded(change, 3) +
                  "× its time. Whether that is more than noise is for `report compare` to say.");
  return all;
}

/// A view's state as the page's script keeps it in the address: this case, opened.
std::string state_of(const std::string& name) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    text += std::isalnum(byte) ? std::string(1, c)
                               : std::string{'%', digits[byte / 16], digits[byte % 16]};
  }
  return "filter=" + text + "&open=" + text;
}

struct Change {
  const HistoryCase* c;
  std::size_t run;
  std::string what;
  bool worse;
};

/// Steps, and cases that fail now, the newest first.
std::vector<Change> changes(const History& history) {
  std::vector<Change> all;
  for (const HistoryCase& c : history.cases) {
    for (const HistoryStep& step : c.steps)
      all.push_back({&c, step.run,
                     rounded(step.ratio > 1 ? step.ratio : 1 / step.ratio, 3) +
                         (step.ratio > 1 ? "× slower" : "× faster"),
                     step.ratio > 1});
    if (c.trend == Trend::failed && c.since)
      all.push_back({&c, *c.since, "fails: " + c.points.back().reason, true});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Change& a, const Change& b) { return a.run > b.run; });
  return all;
}

list change_rows(const History& history, const std::vector<Change>& all) {
  list rows;
  for (std::size_t i = 0; i < std::min(all.size(), most_changes); ++i) {
    const Change& change = all[i];
    const HistoryCase& c = *change.c;
    const bool current = c.since == change.run && change.worse && c.last_good;
    rows.push_back(object{{"case", c.name},
                          {"state", state_of(c.name)},
                          {"date", history.runs[change.run].date},
                          {"revision", history.runs[change.run].revision},
                          {"what", change.what},
                          {"worse", change.worse},
                          {"good", current ? history.runs[*c.last_good].revision : ""}});
  }
  return rows;
}

list run_rows(const History& history) {
  list rows;
  for (std::size_t i = history.runs.size(); i-- > 0;) {
    const HistoryRun& run = history.runs[i];
    rows.push_back(object{{"number", std::to_string(i + 1)},
                          {"name", run.name},
                          {"date", run.date},
                          {"revision", run.revision},
                          {"machine", std::to_string(run.machine + 1)},
                          {"done", std::to_string(run.done)},
                          {"skipped", std::to_string(run.skipped)},
                          {"failed", std::to_string(run.failed)},
                          {"any_failed", run.failed > 0},
                          {"incomplete", run.incomplete}});
  }
  return rows;
}

list machine_rows(const History& history) {
  list rows;
  for (std::size_t i = 0; i < history.machines.size(); ++i)
    rows.push_back(object{{"number", std::to_string(i + 1)}, {"text", history.machines[i]}});
  return rows;
}

}  // namespace

std::string history_page(const History& history, const std::string& title) {
  const auto all = changes(history);
  object view{{"title", title},
              {"sentences", sentences(history)},
              {"changes", change_rows(history, all)},
              {"any_changes", !all.empty()},
              {"more_changes", all.size() > most_changes ? std::to_string(all.size() - most_changes)
                                                         : std::string()},
              {"any_more", all.size() > most_changes},
              {"runs", run_rows(history)},
              {"machines", machine_rows(history)},
              {"model", model(history)}};
  return render_page("history", std::move(view));
}

}  // namespace voxelmark::report
