#include <algorithm>
#include <vector>

#include "validate/pair_marks.hpp"
#include "validate/plots.hpp"
#include "validate/svg_text.hpp"

namespace voxelmark {

using namespace plots;

namespace {

/// Beside the ends of their lines: name, value and interval of each, moved apart where lines are
/// near each other.
void draw_line_labels(Chart& chart, std::vector<std::pair<std::string, PlotLine>> lines) {
  std::sort(lines.begin(), lines.end(),
            [](const auto& a, const auto& b) { return a.second.value > b.second.value; });
  const auto has_interval = [](const auto& line) { return line.second.interval.has_value(); };
  const double tall = std::any_of(lines.begin(), lines.end(), has_interval) ? 54 : 38;
  std::vector<double> centres;
  double lowest = chart.top - 8 - tall / 2;
  for (const auto& line : lines)
    centres.push_back(lowest = std::max(chart.y(line.second.value), lowest + tall));
  double highest = chart.bottom + 8 + tall / 2;
  for (std::size_t i = lines.size(); i-- > 0;)
    centres[i] = highest = std::min(centres[i], highest - tall);

  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& [name, line] = lines[i];
    const double x = chart.right + 18, room = width - x - 4;
    chart.path("leader", "M" + pixels(chart.right + 2) + " " + pixels(chart.y(line.value)) + "L" +
                             pixels(x - 4) + " " + pixels(centres[i]));
    const double first = centres[i] - (line.interval ? 12 : 4);
    chart.text(x, first, name, {small, Anchor::start, room, muted});
    chart.text(x, first + 16, brief(line.value), {font_size, Anchor::start, room});
    if (line.interval)
      chart.text(x, first + 31,
                 brief(line.interval->first, 3) + " \u2026 " + brief(line.interval->second, 3),
                 {small, Anchor::start, room, muted, 9});
  }
}

}  // namespace

PairSource mean_and_difference(PairSource pairs, Difference kind) {
  return {pairs.count, [at = std::move(pairs.at), kind](std::size_t i) {
            const auto [reference, test] = at(i);
            return std::pair(reference / 2 + test / 2, difference_of(reference, test, kind));
          }};
}

std::string bland_altman_svg(const PairSource& points, const PlotLabels& labels,
                             const BlandAltmanLines& lines) {
  const Bounds bounds = bounds_of(points);
  Extent y = bounds.y;
  y.add(lines.no_difference);
  for (const PlotLine* line : {&lines.bias, &lines.lower, &lines.upper}) {
    y.add(line->value);
    if (!line->interval) continue;
    y.add(line->interval->first);
    y.add(line->interval->second);
  }
  y = widened(y);
  Chart chart = begin_chart(labels, {64, 140}, widened(bounds.x), y, ticks_of(y, 6));
  const auto band = [&](std::string_view name, const PlotLine& line) {
    if (line.interval)
      chart.rectangle(name, chart.left, chart.y(line.interval->second), chart.right,
                      chart.y(line.interval->first));
  };
  band("limit-band", lines.lower);
  band("limit-band", lines.upper);
  band("bias-band", lines.bias);
  const std::int64_t most = draw_pairs(chart, points, bounds);
  const auto level = [&](std::string_view name, double value) {
    if (most > 0)  // a line may have the colour of the cells below it
      chart.line("halo", chart.left, chart.y(value), chart.right, chart.y(value));
    chart.line(name, chart.left, chart.y(value), chart.right, chart.y(value));
  };
  level("zero", lines.no_difference);
  level("limit", lines.lower.value);
  level("limit", lines.upper.value);
  level("bias", lines.bias.value);
  draw_line_labels(
      chart, {{"upper limit", lines.upper}, {"bias", lines.bias}, {"lower limit", lines.lower}});
  draw_count(chart, 20, 50, points.count);
  if (most > 0) {
    chart.text(chart.right - 170, 50, "pairs per cell", {small, Anchor::end, width, muted});
    draw_shades(chart, chart.right - 162, 50, most);
  }
  return finish_chart(std::move(chart), labels,
                      "Bland-Altman plot of " + pairs_text(points.count) + ": bias " +
                          brief(lines.bias.value) + ", limits of agreement " +
                          brief(lines.lower.value) + " and " + brief(lines.upper.value) + ".");
}

}  // namespace voxelmark
