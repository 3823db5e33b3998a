#include <algorithm>
#include <cmath>

#include "validate/pair_marks.hpp"
#include "validate/plots.hpp"
#include "validate/svg_text.hpp"

namespace voxelmark {

using namespace plots;

std::string histogram_svg(const PairSource& pairs, const PlotLabels& labels, bool log_counts,
                          const std::string& reference_name, const std::string& test_name) {
  const Bounds bounds = bounds_of(pairs);
  Extent both = bounds.x;
  both.add(bounds.y);
  // More pairs show finer detail.
  const double most_bins = std::clamp(3 * std::cbrt(static_cast<double>(pairs.count)), 11.0, 100.0);
  const Bins bins(both, widened(both).length() / most_bins);
  const Counts counts = count_pairs(pairs, static_cast<std::size_t>(2 * bins.count),
                                    [&](Counts& sides, double x, double y) {
                                      ++sides[bins.index(x)];
                                      ++sides[bins.count + bins.index(y)];
                                    });

  // Of logarithms the axis begins at half a pair: one pair has a height.
  const auto level = [&](double count) {
    return log_counts ? std::log10(std::max(count, 0.5) * 2) : count;
  };
  const double most = static_cast<double>(
      std::max<std::int64_t>(1, *std::max_element(counts.begin(), counts.end())));
  const Extent y_range{0, level(most) * 1.05};
  std::vector<Tick> y_ticks;
  if (log_counts)
    for (double count = 1; count <= most; count *= 10)
      y_ticks.push_back({level(count), brief(count)});
  else
    y_ticks = ticks_of(y_range, 6);
  Chart chart =
      begin_chart(labels, {.top = 64}, widened({bins.edge(0), bins.edge(bins.count), both.whole}),
                  y_range, y_ticks);

  const auto side = [&](std::string_view name, std::int64_t offset) {
    std::string outline = "M" + pixels(chart.x(bins.edge(0))) + " " + pixels(chart.bottom);
    for (std::int64_t bin = 0; bin < bins.count; ++bin)
      outline += "V" + pixels(chart.y(level(static_cast<double>(counts[offset + bin])))) + "H" +
                 pixels(chart.x(bins.edge(bin + 1)));
    chart.path(name, outline + "V" + pixels(chart.bottom) + "z");
  };
  side("reference", 0);
  side("test", bins.count);
  double x = draw_count(chart, 20, 50, pairs.count) + 20;
  const double room = (width - x) / 2 - 52;
  for (const bool is_test : {false, true}) {
    const std::string& name = is_test ? test_name : reference_name;
    chart.rectangle(is_test ? "test" : "reference", x, 39, x + 18, 51);
    chart.text(x + 26, 50, name, {small, Anchor::start, room});
    x += 46 + std::min(room, text_width(name, small));
  }
  return finish_chart(std::move(chart), labels,
                      "Histograms of both sides of " + pairs_text(pairs.count) + ": " +
                          reference_name + " and " + test_name + ".");
}

}  // namespace voxelmark
