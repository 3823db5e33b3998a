#include "engines/core/text.hpp"
#include "reports/comparison_output.hpp"

namespace voxelmark::report {

namespace {

/// Fit for an attribute or text of XML 1.0, which has no control characters, nor U+FFFE and U+FFFF.
std::string escaped(const std::string& text) {
  std::string result;
  const std::string line = one_line(text);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::string_view rest = std::string_view(line).substr(i);
    if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
      i += 2;
      continue;
    }
    switch (line[i]) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += line[i];
    }
  }
  return result;
}

/// What the case came to, in one line.
std::string message_of(const CaseComparison& c) {
  std::vector<std::string> parts{to_string(c.verdict)};
  if (c.times)
    parts.push_back(significant(c.times->base.quick_ms, 4) + " ms before, " +
                    significant(c.times->now.quick_ms, 4) + " ms now: " + ratio_text(*c.times));
  parts.insert(parts.end(), c.reasons.begin(), c.reasons.end());
  return join(parts, "; ");
}

/// Whether the case says nothing of this build.
bool is_skipped(const CaseComparison& c) {
  return !c.alarm && c.verdict != Verdict::same && c.verdict != Verdict::faster;
}

std::string test_case(const CaseComparison& c) {
  const double seconds = c.times ? c.times->now.typical_ms / 1000 : 0;
  std::string text = "  <testcase classname=\"" + escaped(c.row->operation) + "\" name=\"" +
                     escaped(c.name) + "\" time=\"" + shortest(seconds) + "\">";
  const std::string message = escaped(message_of(c));
  if (c.alarm)
    text += "<failure type=\"" + to_string(c.verdict) + "\" message=\"" + message + "\"/>";
  else if (is_skipped(c))
    text += "<skipped message=\"" + message + "\"/>";
  else
    text += "<system-out>" + message + "</system-out>";
  return text + "</testcase>\n";
}

}  // namespace

std::string junit_text(const Comparison& comparison) {
  int skipped = 0;
  std::string cases;
  for (const CaseComparison& c : comparison.cases) {
    skipped += is_skipped(c);
    cases += test_case(c);
  }
  const std::string counts = "tests=\"" + std::to_string(comparison.cases.size()) +
                             "\" failures=\"" + std::to_string(comparison.alarms) +
                             "\" errors=\"0\" skipped=\"" + std::to_string(skipped) + "\"";
  const auto property = [](const std::string& name, const std::string& value) {
    return "   <property name=\"" + name + "\" value=\"" + escaped(value) + "\"/>\n";
  };
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts +
         ">\n <testsuite name=\"voxelmark\" " + counts + ">\n  <properties>\n" +
         property("base", side_text(comparison.base)) + property("new", side_text(comparison.now)) +
         property("base_machine", join(comparison.base.machines, " | ")) +
         property("new_machine", join(comparison.now.machines, " | ")) +
         property("max_slowdown", shortest(comparison.rule.max_slowdown)) + "  </properties>\n" +
         cases + " </testsuite>\n</testsuites>\n";
}

}  // namespace voxelmark::report
