#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "validate/paired_agreement.hpp"

namespace voxelmark {

/// Pairs (x, y) of finite numbers, each made when asked for by its index from 0: images of any size
/// need no copy. `at` is called from several threads at once.
struct PairSource {
  std::size_t count = 0;
  std::function<std::pair<double, double>(std::size_t)> at;
};

/// From pairs (reference, test) the points of a Bland-Altman plot: mean, and difference.
PairSource mean_and_difference(PairSource pairs, Difference kind = Difference::absolute);

/// A plot's words, of any characters; units go into the axes' names, as in "difference [l/min]".
/// What is too long is written smaller, then cut.
struct PlotLabels {
  std::string title, x, y;
};

/// A horizontal line, and where given its confidence interval (lower, upper); in the unit of y.
struct PlotLine {
  double value = 0;
  std::optional<std::pair<double, double>> interval = std::nullopt;
};

struct BlandAltmanLines {
  PlotLine bias, lower, upper;  ///< the mean difference and the limits of agreement
  double no_difference = 0;     ///< y where both sides are equal: 0, of ratios 1
};

// Each plot is the text of an SVG file of 640 x 420 pixels that needs no other file and follows the
// reader's choice of light or dark. Up to 2,000 pairs are circles, more of them cells coloured by
// the logarithm of how many pairs they hold. Cells and bins are 1, 2 or 5 times a power of ten
// wide, so that each holds as many whole numbers as its neighbour.

/// The points (x: mean of a pair, y: difference, percentage or ratio, as the caller gives them)
/// with lines at bias, limits of agreement and no difference, and confidence intervals shaded.
std::string bland_altman_svg(const PairSource& points, const PlotLabels& labels,
                             const BlandAltmanLines& lines);

/// The pairs (reference, test) on axes of one range, with the line of identity; r in −1..1.
std::string scatter_svg(const PairSource& pairs, const PlotLabels& labels,
                        std::optional<double> r = std::nullopt);

/// How often each side of the pairs (reference, test) takes which values, in the same bins; x names
/// the values and y the counts. `log_counts` keeps rare values visible beside a background.
std::string histogram_svg(const PairSource& pairs, const PlotLabels& labels,
                          bool log_counts = false, const std::string& reference_name = "reference",
                          const std::string& test_name = "test");

}  // namespace voxelmark
