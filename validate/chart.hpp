#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "validate/plot_axes.hpp"
#include "validate/plots.hpp"
#include "validate/svg_text.hpp"

namespace voxelmark::plots {

constexpr double width = 640, height = 420;

/// Of attributes, for words that explain.
constexpr std::string_view muted = "class=\"vm-muted\"";

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

  /// Of class "vm-" + `name`, as all that follow.
  void line(std::string_view name, double x1, double y1, double x2, double y2);
  void rectangle(std::string_view name, double x1, double y1, double x2, double y2,
                 std::string_view title = {});
  void path(std::string_view name, std::string_view data);

  struct TextStyle {
    double size = font_size;
    Anchor anchor = Anchor::start;
    double room = width;  ///< text that is wider becomes smaller, then is cut
    std::string_view attributes = {};
    double smallest = 12;
  };
  void text(double at_x, double at_y, std::string_view words, const TextStyle& look);
};

struct Layout {
  double top = 46, margin_right = 20;
  bool square = false;
};

/// Paper, words and axes.
Chart begin_chart(const PlotLabels& labels, const Layout& layout, const Extent& x, const Extent& y,
                  const std::vector<Tick>& y_ticks);

/// The SVG file.
std::string finish_chart(Chart chart, const PlotLabels& labels, std::string_view description);

}  // namespace voxelmark::plots
