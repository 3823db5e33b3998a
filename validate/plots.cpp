#include "validate/plots.hpp"

#include <tbb/blocked_range.h>
#include <tbb/combinable.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr double width = 640, height = 420;
constexpr double font_size = 15, small = 13;
constexpr double em = 0.64;  // a character's width, generously: fonts differ
constexpr std::size_t most_circles = 2000, grain = 1 << 15;
constexpr int shades = 8;

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

// ---- Text and numbers

/// Bytes of the UTF-8 character at the beginning of `text`; 0 where there is none that XML allows.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= ' ' || first == '\t' || first == '\n' ? 1 : 0;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  unsigned code = first & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array lowest{0u, 0u, 0x80u, 0x800u, 0x10000u};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  const bool allowed =
      code >= lowest[length] && code <= 0x10FFFF && !surrogate && code != 0xFFFE && code != 0xFFFF;
  return allowed ? length : 0;
}

/// The text's characters as XML; each one that XML cannot hold as U+FFFD.
std::vector<std::string> xml_characters(std::string_view text) {
  std::vector<std::string> characters;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(1, length));
    if (length == 0)
      characters.emplace_back("\uFFFD");
    else if (character == "&")
      characters.emplace_back("&amp;");
    else if (character == "<")
      characters.emplace_back("&lt;");
    else if (character == ">")
      characters.emplace_back("&gt;");
    else if (character == "\"")
      characters.emplace_back("&quot;");
    else
      characters.emplace_back(character);
    text.remove_prefix(character.size());
  }
  return characters;
}

std::string joined(const std::vector<std::string>& characters) {
  std::string text;
  for (const auto& character : characters) text += character;
  return text;
}

std::string escaped(std::string_view text) { return joined(xml_characters(text)); }

/// A coordinate, to a hundredth of a pixel.
std::string pixels(double value) {
  std::array<char, 32> buffer;
  const double rounded = std::round(value * 100) / 100 + 0.0;  // no −0
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), rounded).ptr};
}

/// With a minus sign, and "1e6" for "1e+06".
std::string tidy(std::string_view number) {
  std::string text;
  bool exponent = false;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '-')
      text += "\u2212";
    else if (c != '+' && !(exponent && c == '0' && i + 1 < number.size()))
      text += c;
    exponent = c == 'e' || (exponent && (c == '+' || c == '-' || c == '0'));
  }
  return text;
}

/// `value` with at most so many significant digits, whole numbers below a million with all.
std::string brief(double value, int digits = 4) {
  std::array<char, 64> buffer;
  const bool whole = std::abs(value) >= std::pow(10, digits - 1) && std::abs(value) < 1e6;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value + 0.0,
                                 whole ? std::chars_format::fixed : std::chars_format::general,
                                 whole ? 0 : digits)
                       .ptr;
  return tidy({buffer.data(), end});
}

/// "1,234"
std::string grouped(std::size_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

/// Never "1" for what is less.
std::string correlation(double r) {
  if (std::abs(r) < 1 && std::abs(r) >= 0.99995) return r < 0 ? "r < \u22120.9999" : "r > 0.9999";
  return "r = " + brief(r);
}

// ---- Axes

struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  bool whole = true;  ///< whether all of its values are whole numbers

  void add(double value) { add({value, value, value == std::floor(value)}); }
  void add(const Extent& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
    whole = whole && other.whole;
  }
  bool empty() const { return low > high; }
  double length() const { return high - low; }
};

/// With a margin; around a single value too, and where there is none.
Extent widened(const Extent& extent) {
  if (extent.empty()) return {0, 1};
  const double size = std::max(std::abs(extent.low), std::abs(extent.high));
  double margin = extent.length() * 0.04;
  // Far from where doubles end, and powers of ten with them.
  constexpr double nothing = 1e-290;
  if (margin <= std::max(size * 1e-10, nothing)) margin = size * 0.1 > nothing ? size * 0.1 : 1;
  return {extent.low - margin, extent.high + margin, extent.whole};
}

/// mantissa · 10^exponent
struct Step {
  int mantissa = 1, exponent = 0;

  /// `i` steps, rounded once: its shortest text is what a person would write.
  double times(std::int64_t i) const {
    return parse_number<double>(std::to_string(i * mantissa) + "e" + std::to_string(exponent))
        .value();
  }
};

/// The smallest of 1, 2 and 5 · 10^k that is not below `length`.
Step step_of(double length) {
  const int exponent = static_cast<int>(std::floor(std::log10(length)));
  for (const int mantissa : {1, 2, 5})
    if (const Step step{mantissa, exponent}; step.times(1) >= length * (1 - 1e-9)) return step;
  return {1, exponent + 1};
}

struct Tick {
  double value = 0;
  std::string label;
};

/// Of whole numbers not below 1.
Step step_of_ticks(const Extent& extent, int most) {
  const Step step = step_of(extent.length() / most);
  return extent.whole && step.exponent < 0 ? Step{} : step;
}

std::vector<Tick> ticks_of(const Extent& extent, int most) {
  const Step step = step_of_ticks(extent, most);
  const bool plain =
      std::max(std::abs(extent.low), std::abs(extent.high)) < 1e6 && step.exponent > -5;
  std::vector<Tick> ticks;
  const auto last = static_cast<std::int64_t>(std::floor(extent.high / step.times(1) + 1e-9));
  for (auto i = static_cast<std::int64_t>(std::ceil(extent.low / step.times(1) - 1e-9)); i <= last;
       ++i) {
    const double value = step.times(i);
    std::array<char, 64> buffer;
    char* const begin = buffer.data();
    char* const end = begin + buffer.size();
    const auto done = plain ? std::to_chars(begin, end, value, std::chars_format::fixed,
                                            std::max(0, -step.exponent))
                            : std::to_chars(begin, end, value);
    ticks.push_back({value, tidy({begin, done.ptr})});
  }
  return ticks;
}

double text_width(std::string_view text, double size) {
  return em * size * static_cast<double>(xml_characters(text).size());
}

double widest(const std::vector<Tick>& ticks) {
  double most = 0;
  for (const auto& tick : ticks) most = std::max(most, text_width(tick.label, font_size));
  return most;
}

/// As many ticks as their labels have room side by side.
std::vector<Tick> fitting_ticks(const Extent& extent, double room) {
  for (int most = 8;; --most) {
    const auto ticks = ticks_of(extent, most);
    const double apart = room * step_of_ticks(extent, most).times(1) / extent.length();
    if (most == 1 || widest(ticks) + font_size <= apart) return ticks;
  }
}

// ---- Drawing

enum class Anchor { start, middle, end };

/// A plot in the making: paper, title and axes, then whatever is drawn inside `left` .. `bottom`.
struct Chart {
  double left = 0, top = 0, right = 0, bottom = height - 62;
  Extent x_range, y_range;
  std::string body;

  double x(double value) const {
    return left + (value - x_range.low) / x_range.length() * (right - left);
  }
  double y(double value) const {
    return bottom - (value - y_range.low) / y_range.length() * (bottom - top);
  }

  void line(std::string_view name, double x1, double y1, double x2, double y2) {
    body.append("<line class=\"vm-").append(name);
    body += "\" x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" + pixels(x2) +
            "\" y2=\"" + pixels(y2) + "\"/>\n";
  }
  void rectangle(std::string_view name, double x1, double y1, double x2, double y2,
                 std::string_view title = {}) {
    body.append("<rect class=\"vm-").append(name);
    body += "\" x=\"" + pixels(x1) + "\" y=\"" + pixels(y1) + "\" width=\"" + pixels(x2 - x1) +
            "\" height=\"" + pixels(y2 - y1) + "\">";
    if (!title.empty()) body += "<title>" + escaped(title) + "</title>";
    body += "</rect>\n";
  }
  void path(std::string_view name, std::string_view data) {
    body.append("<path class=\"vm-").append(name).append("\" d=\"").append(data).append("\"/>\n");
  }

  struct TextStyle {
    double size = font_size;
    Anchor anchor = Anchor::start;
    double room = width;  ///< text that is wider becomes smaller, then is cut
    std::string_view attributes = {};
    double smallest = 12;
  };
  void text(double at_x, double at_y, std::string_view words, const TextStyle& look) {
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
};

struct Layout {
  double top = 46, margin_right = 20;
  bool square = false;
};

Chart begin(const PlotLabels& labels, const Layout& layout, const Extent& x, const Extent& y,
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

std::string finish(Chart chart, const PlotLabels& labels, std::string_view description) {
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

// ---- Pairs

struct Bounds {
  Extent x, y;
};

Bounds bounds_of(const PairSource& pairs) {
  return tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, pairs.count, grain), Bounds{},
      [&](const auto& range, Bounds bounds) {
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
          const auto [x, y] = pairs.at(i);
          bounds.x.add(x);
          bounds.y.add(y);
        }
        return bounds;
      },
      [](Bounds a, const Bounds& b) {
        a.x.add(b.x);
        a.y.add(b.y);
        return a;
      });
}

/// Bins of one width from the lowest of some values to the highest.
struct Bins {
  double origin = 0, step = 1;
  std::int64_t first = 0, count = 1;

  /// Not narrower than `least`.
  Bins(const Extent& values, double least) : step(step_of(least).times(1)) {
    if (values.whole) {  // which then stand in the middle of bins of 1
      step = std::max(1.0, step);
      origin = -0.5;
    }
    if (values.empty()) return;
    first = index(values.low);
    count = index(values.high) + 1;
  }
  std::int64_t index(double value) const {
    // What is a rounding below an edge counts as on it.
    return static_cast<std::int64_t>(std::floor((value - origin) / step + 1e-9)) - first;
  }
  double edge(std::int64_t i) const { return origin + static_cast<double>(first + i) * step; }
};

using Counts = std::vector<std::int64_t>;

/// `count(counts, x, y)` for every pair, into `size` counts that begin at 0.
template <class F>
Counts count_pairs(const PairSource& pairs, std::size_t size, const F& count) {
  tbb::combinable<Counts> parts([&] { return Counts(size); });
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, pairs.count, grain), [&](const auto& range) {
    Counts& counts = parts.local();
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      const auto [x, y] = pairs.at(i);
      count(counts, x, y);
    }
  });
  Counts sums(size);
  parts.combine_each([&](const Counts& part) {
    for (std::size_t i = 0; i < size; ++i) sums[i] += part[i];
  });
  return sums;
}

std::string in_words(std::size_t count) {
  return grouped(count) + (count == 1 ? " pair" : " pairs");
}

void draw_circles(Chart& chart, const PairSource& pairs) {
  const double radius = pairs.count <= 200 ? 4 : pairs.count <= 700 ? 3 : 2.4;
  for (std::size_t i = 0; i < pairs.count; ++i) {
    const auto [x, y] = pairs.at(i);
    chart.body += "<circle class=\"vm-point\" cx=\"" + pixels(chart.x(x)) + "\" cy=\"" +
                  pixels(chart.y(y)) + "\" r=\"" + pixels(radius) + "\"><title>pair " +
                  std::to_string(i + 1) + ": (" + brief(x, 6) + ", " + brief(y, 6) +
                  ")</title></circle>\n";
  }
}

/// Shade 0 for one pair, the last for `most`.
int shade_of(std::int64_t count, std::int64_t most) {
  if (count >= most) return shades - 1;
  const double part = std::log(static_cast<double>(count)) / std::log(static_cast<double>(most));
  return std::min(shades - 1, static_cast<int>(part * shades));
}

/// The most pairs in a cell.
std::int64_t draw_density(Chart& chart, const PairSource& pairs, const Bounds& bounds) {
  constexpr double smallest = 2;  // pixels
  const Bins x_bins(bounds.x, chart.x_range.length() / (chart.right - chart.left) * smallest);
  const Bins y_bins(bounds.y, chart.y_range.length() / (chart.bottom - chart.top) * smallest);
  const std::int64_t columns = x_bins.count, rows = y_bins.count;
  const Counts counts = count_pairs(pairs, static_cast<std::size_t>(columns * rows),
                                    [&](Counts& cells, double x, double y) {
                                      ++cells[y_bins.index(y) * columns + x_bins.index(x)];
                                    });
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());

  const auto edge_x = [&](std::int64_t column) {
    return std::clamp(chart.x(x_bins.edge(column)), chart.left, chart.right);
  };
  const auto edge_y = [&](std::int64_t row) {
    return std::clamp(chart.y(y_bins.edge(row)), chart.top, chart.bottom);
  };
  std::array<std::string, shades> paths;  // neighbours of one shade in one piece
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto shade_at = [&](std::int64_t column) {
      const std::int64_t count = counts[row * columns + column];
      return count == 0 ? -1 : shade_of(count, most);
    };
    for (std::int64_t column = 0, end = 0; column < columns; column = end) {
      const int shade = shade_at(column);
      for (end = column + 1; end < columns && shade_at(end) == shade;) ++end;
      if (shade < 0) continue;
      const std::string left = pixels(edge_x(column)), right = pixels(edge_x(end));
      paths[shade] += "M" + left + " " + pixels(edge_y(row + 1)) + "H" + right + "V" +
                      pixels(edge_y(row)) + "H" + left + "z";
    }
  }
  for (int shade = 0; shade < shades; ++shade)
    if (!paths[shade].empty())
      chart.path("d" + std::to_string(shade) + "\" shape-rendering=\"crispEdges", paths[shade]);
  return most;
}

/// "1 ▁▂▃ 960": the shades of cells and how many pairs the first and the last stand for.
void draw_shades(Chart& chart, double x, double y, std::int64_t most) {
  constexpr double swatch = 13;
  chart.text(x, y, "1", {small});
  x += 12;
  std::int64_t first = 1;
  for (int shade = 0; shade < shades; ++shade) {
    if (shade_of(first, most) != shade) continue;
    // Shades that no count has, as where there are few, are left out.
    std::int64_t last = most;
    if (shade + 1 < shades) {
      last = std::max(first, static_cast<std::int64_t>(
                                 std::pow(static_cast<double>(most), (shade + 1.0) / shades)));
      while (last > first && shade_of(last, most) != shade) --last;
    }
    chart.rectangle("d" + std::to_string(shade), x, y - 11, x + swatch, y + 1,
                    std::to_string(first) + " to " + std::to_string(last) + " pairs per cell");
    x += swatch;
    first = last + 1;
  }
  if (most > 1) chart.text(x + 5, y, grouped(static_cast<std::size_t>(most)), {small});
}

/// Circles, or cells and then how many pairs the fullest of them holds.
std::int64_t draw_pairs(Chart& chart, const PairSource& pairs, const Bounds& bounds) {
  if (pairs.count > most_circles) return draw_density(chart, pairs, bounds);
  draw_circles(chart, pairs);
  return 0;
}

constexpr std::string_view muted = "class=\"vm-muted\"";

/// Where it ends.
double draw_count(Chart& chart, double x, double y, std::size_t count) {
  const std::string words = "n = " + grouped(count);
  chart.text(x, y, words, {small, Anchor::start, width, muted});
  return x + text_width(words, small);
}

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
  Chart chart = begin(labels, {64, 140}, widened(bounds.x), y, ticks_of(y, 6));
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
  return finish(std::move(chart), labels,
                "Bland-Altman plot of " + in_words(points.count) + ": bias " +
                    brief(lines.bias.value) + ", limits of agreement " + brief(lines.lower.value) +
                    " and " + brief(lines.upper.value) + ".");
}

std::string scatter_svg(const PairSource& pairs, const PlotLabels& labels,
                        std::optional<double> r) {
  const Bounds bounds = bounds_of(pairs);
  Extent both = bounds.x;
  both.add(bounds.y);
  both = widened(both);
  Chart chart = begin(labels, {.margin_right = 230, .square = true}, both, both, ticks_of(both, 6));
  const std::int64_t most = draw_pairs(chart, pairs, bounds);
  chart.line("identity", chart.left, chart.bottom, chart.right, chart.top);
  const double x = chart.right + 24;
  double y = chart.top + 16;
  if (r) chart.text(x, y, correlation(*r), {});
  draw_count(chart, x, y += r ? 24 : 0, pairs.count);
  y += 24;
  chart.line("identity", x, y - 4, x + 32, y - 4);
  chart.text(x + 40, y, "identity", {small, Anchor::start, width, muted});
  if (most > 0) {
    chart.text(x, y += 34, "pairs per cell", {small, Anchor::start, width, muted});
    draw_shades(chart, x, y + 22, most);
  }
  return finish(std::move(chart), labels,
                "Scatter plot of " + in_words(pairs.count) + " with the line of identity" +
                    (r ? ", " + correlation(*r) : "") + ".");
}

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
  Chart chart = begin(labels, {.top = 64},
                      widened({bins.edge(0), bins.edge(bins.count), both.whole}), y_range, y_ticks);

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
  return finish(std::move(chart), labels,
                "Histograms of both sides of " + in_words(pairs.count) + ": " + reference_name +
                    " and " + test_name + ".");
}

}  // namespace voxelmark
