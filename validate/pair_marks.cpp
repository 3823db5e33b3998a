#include "validate/pair_marks.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "validate/svg_text.hpp"

namespace voxelmark::plots {

namespace {

constexpr std::size_t most_circles = 2000;
constexpr int shades = 8;

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

}  // namespace

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

std::int64_t draw_pairs(Chart& chart, const PairSource& pairs, const Bounds& bounds) {
  if (pairs.count > most_circles) return draw_density(chart, pairs, bounds);
  draw_circles(chart, pairs);
  return 0;
}

double draw_count(Chart& chart, double x, double y, std::size_t count) {
  const std::string words = "n = " + grouped(count);
  chart.text(x, y, words, {small, Anchor::start, width, muted});
  return x + text_width(words, small);
}

}  // namespace voxelmark::plots
