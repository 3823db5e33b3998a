#include "validate/pair_marks.hpp"
#include "validate/plots.hpp"
#include "validate/svg_text.hpp"

namespace voxelmark {

using namespace plots;

std::string scatter_svg(const PairSource& pairs, const PlotLabels& labels,
                        std::optional<double> r) {
  const Bounds bounds = bounds_of(pairs);
  Extent both = bounds.x;
  both.add(bounds.y);
  both = widened(both);
  Chart chart =
      begin_chart(labels, {.margin_right = 230, .square = true}, both, both, ticks_of(both, 6));
  const std::int64_t most = draw_pairs(chart, pairs, bounds);
  chart.line("identity", chart.left, chart.bottom, chart.right, chart.top);
  const double x = chart.right + 24;
  double y = chart.top + 16;
  if (r) chart.text(x, y, correlation_text(*r), {});
  draw_count(chart, x, y += r ? 24 : 0, pairs.count);
  y += 24;
  chart.line("identity", x, y - 4, x + 32, y - 4);
  chart.text(x + 40, y, "identity", {small, Anchor::start, width, muted});
  if (most > 0) {
    chart.text(x, y += 34, "pairs per cell", {small, Anchor::start, width, muted});
    draw_shades(chart, x, y + 22, most);
  }
  return finish_chart(std::move(chart), labels,
                      "Scatter plot of " + pairs_text(pairs.count) + " with the line of identity" +
                          (r ? ", " + correlation_text(*r) : "") + ".");
}

}  // namespace voxelmark
