#pragma once
#include <string>
#include <string_view>

#include "reports/comparison.hpp"

namespace voxelmark::report {

/// For a terminal: alarms, then what else changed, then a line of counts.
std::string console_text(const Comparison& comparison);

/// For a comment on a pull request: short enough for GitHub, details folded.
std::string markdown_text(const Comparison& comparison);

/// Everything, as docs/comparing.md describes it.
std::string json_text(const Comparison& comparison);

/// For CI: a test case per case, a failure per alarm.
std::string junit_text(const Comparison& comparison);

/// "2 slower, 31 same", without verdicts that no case has.
std::string counts_text(const Comparison& comparison);

/// "abc123 of 2026-01-01, 8 fresh processes".
std::string side_text(const SideSummary& side);

/// "1.10x [1.08, 1.12], noise 0.9 %".
std::string ratio_text(const TimeComparison& times);

/// Remarks on the whole comparison: few processes, an interrupted run, medians instead of minima.
std::vector<std::string> remarks(const Comparison& comparison);

/// The text on one line: control characters become spaces.
std::string one_line(std::string_view text);

}  // namespace voxelmark::report
