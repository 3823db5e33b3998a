#include <cctype>

#include "engines/core/text.hpp"
#include "reports/comparison_output.hpp"

namespace voxelmark::report {

namespace {

constexpr std::size_t longest_comment = 60'000;  // bytes; GitHub takes 65,536 characters

/// As plain text within HTML or Markdown, whatever stands in it: entities for all that either could
/// take for markup. Not of letters beyond ASCII.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : one_line(text)) {
    const auto code = static_cast<unsigned char>(c);
    const bool plain = code >= 0x80 || std::isalnum(code) || c == ' ' || c == '.' || c == ',' ||
                       c == '/' || c == '-' || c == '%' || c == '(' || c == ')';
    result += plain ? std::string(1, c) : "&#" + std::to_string(code) + ";";
  }
  return result;
}

/// Within <code>, names are no mentions and no links.
std::string code(const std::string& text) { return "<code>" + escaped(text) + "</code>"; }

std::string table_row(const CaseComparison& c) {
  std::vector<std::string> reasons;
  for (const auto& reason : c.reasons) reasons.push_back(escaped(reason));
  std::string cells = " | | |";
  if (c.times)
    cells = " " + significant(c.times->base.quick_ms, 4) + " | " +
            significant(c.times->now.quick_ms, 4) + " | " + escaped(ratio_text(*c.times)) + " |";
  return "| " + (c.alarm ? "**" + to_string(c.verdict) + "**" : to_string(c.verdict)) + " | " +
         code(c.name) + (reasons.empty() ? "" : "<br>" + join(reasons, "<br>")) + " |" + cells +
         "\n";
}

const std::string table_head =
    "| verdict | case | base ms | new ms | ratio, 90 % interval |\n| --- | --- | ---: | ---: | --- "
    "|\n";

/// The cases that are alarms, or are not, as a table of at most so many bytes.
std::string table(const Comparison& comparison, bool alarms, std::size_t most) {
  std::string rows;
  std::size_t hidden = 0;
  for (const CaseComparison& c : comparison.cases) {
    if (c.alarm != alarms) continue;
    const std::string row = table_row(c);
    if (hidden > 0 || rows.size() + row.size() > most)
      ++hidden;
    else
      rows += row;
  }
  if (rows.empty() && hidden == 0) return "";
  return table_head + rows +
         (hidden > 0 ? "\n… and " + std::to_string(hidden) + " more.\n" : std::string());
}

}  // namespace

std::string markdown_text(const Comparison& comparison) {
  const std::string title =
      comparison.alarms == 0 ? "no alarm" : counted(comparison.alarms, "alarm");
  std::string text = "### Benchmarks: " + title + "\n\n" + std::to_string(comparison.cases.size()) +
                     " cases: " + counts_text(comparison) + ".\n\n";
  const std::string alarms = table(comparison, true, longest_comment / 2);
  if (!alarms.empty()) text += alarms + "\n";
  const auto list = [](const std::vector<std::string>& lines) {
    const std::string all = join(lines, "; ");
    // Cut between characters, not within one.
    std::size_t end = std::min<std::size_t>(all.size(), 500);
    while (end < all.size() && (static_cast<unsigned char>(all[end]) & 0xc0) == 0x80) --end;
    return code(all.substr(0, end));
  };
  text += "- base: " + code(side_text(comparison.base)) +
          "\n- new: " + code(side_text(comparison.now)) +
          "\n- machine: " + list(comparison.now.machines) + "\n";
  if (comparison.base.machines != comparison.now.machines)
    text += "- base's machine: " + list(comparison.base.machines) + "\n";
  for (const auto& remark : remarks(comparison)) text += "- " + escaped(remark) + "\n";
  text += "- slower: ratio above " + shortest(comparison.rule.max_slowdown) +
          ", and the whole interval above the noise; of the processes' shortest times the lower "
          "quartile\n";
  const std::size_t room =
      longest_comment > text.size() + 500 ? longest_comment - text.size() - 500 : 0;
  const std::string others = table(comparison, false, room);
  if (!others.empty())
    text += "\n<details><summary>The other cases</summary>\n\n" + others + "\n</details>\n";
  return text;
}

}  // namespace voxelmark::report
