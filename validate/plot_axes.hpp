#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace voxelmark::plots {

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
Extent widened(const Extent& extent);

/// The smallest of 1, 2 and 5 · 10^k that is not below `length`.
double round_step(double length);

struct Tick {
  double value = 0;
  std::string label;
};

/// Up to so many ticks at round values; of whole numbers at whole ones.
std::vector<Tick> ticks_of(const Extent& extent, int most);

/// As many ticks as their labels have room side by side on an axis of `room` pixels.
std::vector<Tick> fitting_ticks(const Extent& extent, double room);

/// Of the ticks' labels, in pixels.
double widest(const std::vector<Tick>& ticks);

}  // namespace voxelmark::plots
