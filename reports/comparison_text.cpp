#include <algorithm>
#include <iomanip>
#include <sstream>

#include "engines/core/text.hpp"
#include "reports/comparison_output.hpp"

namespace voxelmark::report {

namespace {

constexpr std::size_t most_others = 20;  // lines of what is no alarm

void add_line(std::ostringstream& text, const CaseComparison& c) {
  const auto ms = [](double value) { return significant(value, 4); };
  text << "  " << std::left << std::setw(10) << to_string(c.verdict) << std::right;
  if (c.times)
    text << std::setw(9) << ms(c.times->base.quick_ms) << " " << std::setw(9)
         << ms(c.times->now.quick_ms) << " " << std::setw(8) << significant(c.times->ratio, 4)
         << std::setw(17)
         << "[" + significant(c.times->interval.lower, 4) + ", " +
                significant(c.times->interval.upper, 4) + "]"
         << std::setw(7) << significant(100 * c.times->noise_floor, 2) << std::setw(8)
         << (c.times->q ? rounded(*c.times->q, 2) : "-");
  else
    text << std::string(60, ' ');
  text << "  " << one_line(c.name) << "\n";
  for (const auto& reason : c.reasons) text << "             " << one_line(reason) << "\n";
}

bool is_worth_a_line(const CaseComparison& c) {
  return c.alarm || (c.verdict != Verdict::same && c.verdict != Verdict::skipped);
}

std::string range(int least, int most) {
  return least == most ? std::to_string(least)
                       : std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

std::string counts_text(const Comparison& comparison) {
  std::vector<std::string> parts;
  for (const Verdict verdict : all_verdicts)
    if (const auto found = comparison.counts.find(verdict); found != comparison.counts.end())
      parts.push_back(std::to_string(found->second) + " " + to_string(verdict));
  return join(parts, ", ");
}

std::string side_text(const SideSummary& side) {
  const auto [first, last] = std::minmax_element(side.dates.begin(), side.dates.end());
  const std::string dates = side.dates.empty() ? "unknown date"
                            : *first == *last  ? *first
                                               : *first + " to " + *last;
  return join(side.revisions, ", ") + " of " + dates + ", " +
         range(side.fewest_processes, side.most_processes) + " fresh process" +
         (side.most_processes > 1 ? "es" : "");
}

std::string ratio_text(const TimeComparison& t) {
  return significant(t.ratio, 3) + "x [" + significant(t.interval.lower, 3) + ", " +
         significant(t.interval.upper, 3) + "], noise " + significant(100 * t.noise_floor, 2) +
         " %";
}

std::vector<std::string> remarks(const Comparison& comparison) {
  std::vector<std::string> result;
  const auto count = [&](auto holds) {
    return std::count_if(comparison.cases.begin(), comparison.cases.end(),
                         [&](const CaseComparison& c) { return c.times && holds(*c.times); });
  };
  const auto of_all = [&](auto n) {
    return std::to_string(n) + " of " + std::to_string(comparison.cases.size()) + " cases";
  };
  if (const auto n = count([](const TimeComparison& t) { return t.few_processes; }))
    result.push_back(of_all(n) + " have fewer than " + std::to_string(enough_processes) +
                     " fresh processes on a side, whose differences are unknown: less than a "
                     "factor of 2 is told from noise by `bench --runs 8` only");
  if (const auto n = count([](const TimeComparison& t) { return t.of_medians; }))
    result.push_back(of_all(n) +
                     " are compared by the processes' medians, since a file lacks their "
                     "shortest times");
  for (const auto& [side, name] : {std::pair(&comparison.base, "base"), {&comparison.now, "new"}}) {
    if (side->incomplete)
      result.push_back(std::string("the ") + name + " run was interrupted: cases are missing");
    if (side->revisions.size() > 1)
      result.push_back(std::string("the ") + name + " results are of several revisions");
  }
  return result;
}

std::string console_text(const Comparison& comparison) {
  std::ostringstream text;
  text << "base  " << one_line(side_text(comparison.base)) << "\nnew   "
       << one_line(side_text(comparison.now)) << "\n";
  auto machines = comparison.base.machines;
  for (const auto& machine : comparison.now.machines)
    if (std::find(machines.begin(), machines.end(), machine) == machines.end())
      machines.push_back(machine);
  for (const auto& machine : machines) text << "on    " << one_line(machine) << "\n";
  for (const auto& remark : remarks(comparison)) text << "note: " << remark << "\n";
  std::vector<const CaseComparison*> shown;
  std::size_t others = 0;
  for (const CaseComparison& c : comparison.cases)
    if (c.alarm || (is_worth_a_line(c) && others++ < most_others)) shown.push_back(&c);
  if (!shown.empty())
    text << "\n  verdict     base ms    new ms    ratio    90 % interval noise %       q  case\n";
  for (const CaseComparison* c : shown) add_line(text, *c);
  if (others > most_others)
    text << "  and " << others - most_others << " more that are no alarm; --json has all\n";
  text << "\n"
       << counted(comparison.cases.size(), "case") << ": " << counts_text(comparison) << "; "
       << counted(comparison.alarms, "alarm") << "\n";
  return text.str();
}

}  // namespace voxelmark::report
