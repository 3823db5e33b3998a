#include "validate/chart.hpp"

#include <algorithm>

#include "validate/svg_text.hpp"

namespace voxelmark::plots {

namespace {

// Classes have a prefix, and nothing an id: plots may stand inline in one page. Colours are Okabe's
// and Ito's or of one hue, in light and dark; no custom properties, which few viewers but browsers
// know.
constexpr std::string_view style = R"(
.vm-plot{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",Arial,sans-serif;font-size:15px;fill:#1f2328;max-width:100%;height:auto}
.vm-plot path,.vm-plot line{fill:none}
.vm-plot .vm-paper{fill:#fff}
.vm-plot .vm-muted{fill:#57606a}
.vm-plot .vm-grid{stroke:#e4e7eb}
.vm-plot .vm-axis,.vm-plot .vm-leader{stroke:#8c959f}
.vm-plot .vm-point{fill:#0072b2;fill-opacity:.6}
.vm-plot .vm-halo{stroke:#fff;stroke-width:5;stroke-opacity:.6}
.vm-plot .vm-zero{stroke:#57606a;stroke-dasharray:2 4}
.vm-plot .vm-bias{stroke:#1f2328;stroke-width:2}
.vm-plot .vm-identity{stroke:#c44f00;stroke-width:1.5;stroke-dasharray:7 6}
.vm-plot .vm-limit{stroke:#c44f00;stroke-width:2;stroke-dasharray:7 4}
.vm-plot .vm-bias-band{fill:#1f2328;fill-opacity:.1}
.vm-plot .vm-limit-band{fill:#d55e00;fill-opacity:.14}
.vm-plot .vm-reference{fill:#e69f00;fill-opacity:.35;stroke:#b87f00;stroke-width:1.5}
.vm-plot .vm-test{fill:#0072b2;fill-opacity:.3;stroke:#0072b2;stroke-width:1.5}
.vm-plot .vm-d0{fill:#bdd7ea}.vm-plot .vm-d1{fill:#a0cae2}.vm-plot .vm-d2{fill:#80b9da}.vm-plot .vm-d3{fill:#60a7d2}
.vm-plot .vm-d4{fill:#3d8dc4}.vm-plot .vm-d5{fill:#2171b5}.vm-plot .vm-d6{fill:#0a549e}.vm-plot .vm-d7{fill:#08306b}
@media (prefers-color-scheme:dark){
.vm-plot{fill:#e6edf3}
.vm-plot .vm-paper{fill:#0d1117}
.vm-plot .vm-muted{fill:#9da7b3}
.vm-plot .vm-grid{stroke:#252b33}
.vm-plot .vm-axis,.vm-plot .vm-leader{stroke:#6e7681}
.vm-plot .vm-point{fill:#56b4e9}
.vm-plot .vm-halo{stroke:#0d1117}
.vm-plot .vm-zero{stroke:#9da7b3}
.vm-plot .vm-bias{stroke:#e6edf3}
.vm-plot .vm-identity,.vm-plot .vm-limit{stroke:#ff9a4d}
.vm-plot .vm-bias-band{fill:#e6edf3;fill-opacity:.14}
.vm-plot .vm-limit-band{fill:#ff9a4d;fill-opacity:.18}
.vm-plot .vm-reference{stroke:#e69f00}
.vm-plot .vm-test{fill:#56b4e9;stroke:#56b4e9}
.vm-plot .vm-d0{fill:#173a5c}.vm-plot .vm-d1{fill:#194772}.vm-plot .vm-d2{fill:#1b5587}.vm-plot .vm-d3{fill:#216ca8}
.vm-plot .vm-d4{fill:#3288c7}.vm-plot .vm-d5{fill:#5ca6da}.vm-plot .vm-d6{fill:#94c8eb}.vm-plot .vm-d7{fill:#e0f1fc}
}
)";

}  // namespace

void Chart::line(std::string_view name, double x1, double y1, double x2, double y2) {
  body.append("<line class=\"vm-").append(name);
  body += "\" x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" + pixels(x2) + "\" y2=\"" +
          pixels(y2) + "\"/>\n";
}

void Chart::rectangle(std::string_view name, double x1, double y1, double x2, double y2,
                      std::string_view title) {
  body.append("<rect class=\"vm-").append(name);
  body += "\" x=\"" + pixels(x1) + "\" y=\"" + pixels(y1) + "\" width=\"" + pixels(x2 - x1) +
          "\" height=\"" + pixels(y2 - y1) + "\">";
  if (!title.empty()) body += "<title>" + escaped(title) + "</title>";
  body += "</rect>\n";
}

void Chart::path(std::string_view name, std::string_view data) {
  body.append("<path class=\"vm-").append(name).append("\" d=\"").append(data).append("\"/>\n");
}

void Chart::text(double at_x, double at_y, std::string_view words, const TextStyle& look) {
  auto characters = xml_characters(words);
  if (characters.empty()) return;
  const double fitting = look.room / (em * static_cast<double>(characters.size()));
  const double size = std::min(look.size, std::max(look.smallest, fitting));
  const auto most = static_cast<std::size_t>(look.room / (em * size) + 1e-9);
  if (characters.size() > most) {
    characters.resize(most > 0 ? most - 1 : 0);
    characters.emplace_back("\u2026");
  }
  body += "<text x=\"" + pixels(at_x) + "\" y=\"" + pixels(at_y) + "\"";
  if (size != font_size) body += " font-size=\"" + pixels(size) + "\"";
  if (look.anchor != Anchor::start)
    body += look.anchor == Anchor::end ? " text-anchor=\"end\"" : " text-anchor=\"middle\"";
  if (!look.attributes.empty()) body.append(" ").append(look.attributes);
  body += ">" + joined(characters) + "</text>\n";
}

Chart begin_chart(const PlotLabels& labels, const Layout& layout, const Extent& x, const Extent& y,
                  const std::vector<Tick>& y_ticks) {
  Chart chart;
  chart.x_range = x;
  chart.y_range = y;
  chart.top = layout.top;
  chart.left = std::max(80.0, widest(y_ticks) + 46);
  chart.right = width - layout.margin_right;
  if (layout.square) chart.right = std::min(chart.right, chart.left + chart.bottom - chart.top);
  const auto x_ticks = fitting_ticks(x, chart.right - chart.left);
  const double x_centre = (chart.left + chart.right) / 2, y_centre = (chart.top + chart.bottom) / 2;

  chart.rectangle("paper", 0, 0, width, height);
  chart.text(20, 28, labels.title, {17, Anchor::start, width - 40, "font-weight=\"600\""});
  for (const auto& tick : x_ticks) {
    chart.line("grid", chart.x(tick.value), chart.top, chart.x(tick.value), chart.bottom);
    chart.text(chart.x(tick.value), chart.bottom + 21, tick.label, {.anchor = Anchor::middle});
  }
  for (const auto& tick : y_ticks) {
    chart.line("grid", chart.left, chart.y(tick.value), chart.right, chart.y(tick.value));
    chart.text(chart.left - 8, chart.y(tick.value) + 5, tick.label, {.anchor = Anchor::end});
  }
  // A name wider than its axis may reach as far as the paper does on the nearer side.
  const double x_room = 2 * std::min(x_centre, width - x_centre) - 20;
  chart.text(x_centre, height - 14, labels.x, {font_size, Anchor::middle, x_room});
  const std::string turned = "transform=\"rotate(-90 24 " + pixels(y_centre) + ")\"";
  chart.text(
      24, y_centre, labels.y,
      {font_size, Anchor::middle, 2 * std::min(y_centre - 36, height - y_centre) - 10, turned});
  return chart;
}

std::string finish_chart(Chart chart, const PlotLabels& labels, std::string_view description) {
  chart.path("axis", "M" + pixels(chart.left) + " " + pixels(chart.top) + "V" +
                         pixels(chart.bottom) + "H" + pixels(chart.right));
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"vm-plot\" role=\"img\" width=\"640\" "
      "height=\"420\" viewBox=\"0 0 640 420\">\n";
  svg += "<title>" + escaped(labels.title) + "</title>\n";
  svg += "<desc>" + escaped(description) + "</desc>\n<style>";
  svg += style;
  return svg + "</style>\n" + chart.body + "</svg>\n";
}

}  // namespace voxelmark::plots
