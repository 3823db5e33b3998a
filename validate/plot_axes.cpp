#include "validate/plot_axes.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include "engines/core/text.hpp"
#include "validate/svg_text.hpp"

namespace voxelmark::plots {

namespace {

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

/// Of whole numbers not below 1.
Step step_of_ticks(const Extent& extent, int most) {
  const Step step = step_of(extent.length() / most);
  return extent.whole && step.exponent < 0 ? Step{} : step;
}

}  // namespace

Extent widened(const Extent& extent) {
  if (extent.empty()) return {0, 1};
  const double size = std::max(std::abs(extent.low), std::abs(extent.high));
  double margin = extent.length() * 0.04;
  // Far from where doubles end, and powers of ten with them.
  constexpr double nothing = 1e-290;
  if (margin <= std::max(size * 1e-10, nothing)) margin = size * 0.1 > nothing ? size * 0.1 : 1;
  return {extent.low - margin, extent.high + margin, extent.whole};
}

double round_step(double length) { return step_of(length).times(1); }

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

double widest(const std::vector<Tick>& ticks) {
  double most = 0;
  for (const auto& tick : ticks) most = std::max(most, text_width(tick.label, font_size));
  return most;
}

std::vector<Tick> fitting_ticks(const Extent& extent, double room) {
  for (int most = 8;; --most) {
    const auto ticks = ticks_of(extent, most);
    const double apart = room * step_of_ticks(extent, most).times(1) / extent.length();
    if (most == 1 || widest(ticks) + font_size <= apart) return ticks;
  }
}

}  // namespace voxelmark::plots
