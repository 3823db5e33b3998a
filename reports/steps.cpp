#include "reports/steps.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <span>

#include "reports/median.hpp"

namespace voxelmark::report {

namespace {

constexpr std::size_t window = 5, fewest = 3;
constexpr double least_change = 1.05, least_spread = 0.005, residuals_kept = 0.7;

double absolute_residuals(std::span<const double> values) {
  const double level = median(values);
  double sum = 0;
  for (const double value : values) sum += std::abs(value - level);
  return sum;
}

/// Of the line with the median of the slopes between all pairs (Theil and Sen).
double residuals_of_line(std::span<const double> values) {
  std::vector<double> slopes, rest(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t k = i + 1; k < values.size(); ++k)
      slopes.push_back((values[k] - values[i]) / static_cast<double>(k - i));
  const double slope = median(slopes);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= slope * static_cast<double>(i);
  return absolute_residuals(rest);
}

/// Standard deviation of ln(time) from run to run.
double spread(const std::vector<double>& logs, const std::vector<TimePoint>& points) {
  constexpr double to_deviation = 1.4826;  // of a median absolute deviation, for a normal one
  constexpr double interval = 2 * 1.96;    // widths of 95 % intervals in standard deviations
  std::vector<double> changes, widths;
  for (std::size_t i = 1; i < logs.size(); ++i) changes.push_back(std::abs(logs[i] - logs[i - 1]));
  for (const TimePoint& p : points)
    widths.push_back(p.lower > 0 ? std::log(p.upper / p.lower) / interval : 0);
  return std::max(
      {to_deviation * median(changes) / std::numbers::sqrt2, median(widths), least_spread});
}

struct Found {
  std::size_t place;
  double change, clearness;  ///< of ln(time); in standard errors
};

class Search {
 public:
  explicit Search(const std::vector<TimePoint>& points) {
    for (const TimePoint& p : points) logs_.push_back(std::log(p.median));
    spread_ = spread(logs_, points);
    needed_ = 3.5 * (1 + 5 / static_cast<double>(logs_.size() - 1));
  }

  void between(std::size_t begin, std::size_t end, std::vector<Step>& steps) const {
    std::optional<Found> best;
    for (std::size_t place = begin + fewest; place + fewest <= end; ++place)
      if (const auto found = at(place, begin, end);
          found && (!best || found->clearness > best->clearness))
        best = found;
    if (!best) return;
    between(begin, best->place, steps);
    steps.push_back({best->place, std::exp(best->change)});
    between(best->place, end, steps);
  }

 private:
  std::optional<Found> at(std::size_t place, std::size_t begin, std::size_t end) const {
    const std::size_t first = place - std::min(window, place - begin);
    const std::span<const double> all(logs_.data() + first,
                                      std::min(window, end - place) + place - first);
    const auto before = all.first(place - first), after = all.subspan(place - first);
    const double change = median(after) - median(before);
    // The points next to it belong to their own sides.
    const double halfway = median(before) + change / 2;
    if ((before.back() < halfway) != (change > 0) || (after.front() > halfway) != (change > 0))
      return std::nullopt;
    const double error =
        spread_ *
        std::sqrt(std::numbers::pi / 2 *
                  (1 / static_cast<double>(before.size()) + 1 / static_cast<double>(after.size())));
    const bool step = std::abs(change) > std::log(least_change) &&
                      std::abs(change) > needed_ * error &&
                      absolute_residuals(before) + absolute_residuals(after) <=
                          residuals_kept * residuals_of_line(all);
    return step ? std::optional(Found{place, change, std::abs(change) / error}) : std::nullopt;
  }

  std::vector<double> logs_;
  double spread_ = 0, needed_ = 0;
};

}  // namespace

std::vector<Step> find_steps(const std::vector<TimePoint>& points) {
  std::vector<Step> steps;
  if (points.size() >= 2 * fewest) Search(points).between(0, points.size(), steps);
  return steps;
}

}  // namespace voxelmark::report
