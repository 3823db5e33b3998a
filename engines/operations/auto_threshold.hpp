#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/core/operation.hpp"
#include "engines/operations/histogram.hpp"

// How AutoThreshold finds its level in a histogram. kernels/auto_threshold.cl holds the same steps:
// sums of counts are 64-bit integers and so exact, everything else is double precision, operation
// by operation in this order, so that every engine finds the same level.

namespace voxelmark {

using Counts = std::span<const std::uint64_t>;

/// Whether the histogram has one bin a grey level; else its bins lie over the image's range.
inline bool bins_are_grey_levels(const std::string& method, DType dtype) {
  return dtype == DType::u8 || (dtype == DType::u16 && method == "otsu");
}

inline int auto_threshold_bins(const std::string& method, DType dtype) {
  return dtype == DType::u16 && method == "otsu" ? 65536 : 256;
}

/// The bin of Otsu's method on float32: the one whose edges, in double precision, hold the value;
/// the last one holds the greatest value too.
inline int otsu_bin(float value, double minimum, double maximum) {
  constexpr int bins = 256;
  const double v = static_cast<double>(value),
               position = (v - minimum) * (bins / (maximum - minimum));
  int bin = position < bins ? static_cast<int>(position) : bins - 1;
  if (bin > 0 && v < lower_edge(bin, bins, minimum, maximum)) --bin;
  if (bin < bins - 1 && v >= lower_edge(bin + 1, bins, minimum, maximum)) ++bin;
  return bin;
}

/// The middle of a bin of Otsu's method on float32.
inline double otsu_centre(int bin, double minimum, double maximum) {
  constexpr int bins = 256;
  const double upper = bin + 1 < bins ? lower_edge(bin + 1, bins, minimum, maximum) : maximum;
  return (lower_edge(bin, bins, minimum, maximum) + upper) / 2;
}

namespace auto_threshold_levels {

/// Counts and sums of bin numbers up to and with each bin.
struct Cumulated {
  std::vector<std::uint64_t> count, moment;

  explicit Cumulated(Counts counts) : count(counts.size()), moment(counts.size()) {
    std::uint64_t n = 0, m = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      count[i] = n += counts[i];
      moment[i] = m += i * counts[i];
    }
  }
  double mean_up_to(std::size_t bin) const {
    return static_cast<double>(moment[bin]) / static_cast<double>(count[bin]);
  }
  double mean_above(std::size_t bin) const {
    return static_cast<double>(moment.back() - moment[bin]) /
           static_cast<double>(count.back() - count[bin]);
  }
};

inline int otsu(Counts counts) {
  const Cumulated sums(counts);
  double best = -1;
  int level = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint64_t below = sums.count[i], above = sums.count.back() - below;
    if (below == 0 || above == 0) continue;
    const double distance = sums.mean_up_to(i) - sums.mean_above(i);
    const double variance =
        static_cast<double>(below) * static_cast<double>(above) * (distance * distance);
    if (variance > best) {
      best = variance;
      level = static_cast<int>(i);
    }
  }
  return level;
}

inline int isodata(Counts given) {
  std::vector<std::uint64_t> counts(given.begin(), given.end());
  std::size_t mode = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > counts[mode]) mode = i;
  std::uint64_t second = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (i != mode && counts[i] > second) second = counts[i];
  if (second != 0 && counts[mode] > 2 * second) counts[mode] = second + second / 2;
  counts.front() = counts.back() = 0;
  std::size_t first = 0, last = counts.size() - 1;
  while (first < counts.size() - 1 && counts[first] == 0) ++first;
  while (last > 0 && counts[last] == 0) --last;
  if (first >= last) return static_cast<int>(counts.size() / 2);
  const Cumulated sums(counts);
  double middle = 0;
  std::size_t i = first;
  do {
    middle = (sums.mean_up_to(i) + sums.mean_above(i)) / 2;
    ++i;
  } while (static_cast<double>(i + 1) <= middle && i + 1 < last);
  return static_cast<int>(std::floor(middle + 0.5));
}

/// The natural logarithm of a normal number, by operations that every engine rounds alike.
inline double logarithm(double x) {
  int exponent = 0;
  for (; x > 1.5; x *= 0.5) ++exponent;
  for (; x < 0.75; x *= 2) --exponent;
  const double s = (x - 1) / (x + 1), square = s * s;
  double series = 0;
  for (int n = 25; n >= 1; n -= 2) series = series * square + 1.0 / n;
  return 2 * s * series + exponent * 0.693147180559945309417;
}

inline int li(Counts counts) {
  const Cumulated sums(counts);
  const std::size_t last = counts.size() - 1;
  double next = sums.mean_up_to(last);
  int level = 0;
  // It settles within a few rounds; the limit is for histograms on which rounding would make it
  // swing.
  for (int round = 0; round < 1000; ++round) {
    const double previous = next;
    level = static_cast<int>(previous + 0.5);
    const auto bin = static_cast<std::size_t>(level);
    const double below = sums.count[bin] ? sums.mean_up_to(bin) : 0,
                 above = sums.count[bin] < sums.count[last] ? sums.mean_above(bin) : 0;
    const double middle =
        below > 0 && above > 0 ? (below - above) / (logarithm(below) - logarithm(above)) : 0;
    next = static_cast<int>(middle + 0.5);
    if (std::abs(next - previous) <= 0.5) break;
  }
  return level;
}

inline int mean(Counts counts) {
  return static_cast<int>(std::floor(Cumulated(counts).mean_up_to(counts.size() - 1)));
}

inline int triangle(Counts counts) {
  const int last = static_cast<int>(counts.size()) - 1;
  int low = 0, high = last, peak = 0;
  while (counts[low] == 0) ++low;
  while (counts[high] == 0) --high;
  for (int i = 0; i <= last; ++i)
    if (counts[i] > counts[peak]) peak = i;
  if (low > 0) --low;
  if (high < last) ++high;
  const bool mirrored = peak - low < high - peak;
  const auto at = [&](int i) { return static_cast<double>(counts[mirrored ? last - i : i]); };
  const int foot = mirrored ? last - high : low, top = mirrored ? last - peak : peak;
  double nx = at(top), ny = foot - top;
  const double length = std::sqrt(nx * nx + ny * ny);
  nx /= length;
  ny /= length;
  const double line = nx * foot + ny * at(foot);
  double farthest = 0;
  int split = foot;
  for (int i = foot + 1; i <= top; ++i) {
    const double distance = nx * i + ny * at(i) - line;
    if (distance > farthest) {
      farthest = distance;
      split = i;
    }
  }
  --split;
  return mirrored ? last - split : split;
}

inline int yen(Counts counts) {
  const Cumulated sums(counts);
  const double all = static_cast<double>(sums.count.back());
  std::vector<double> squares_above(counts.size(), 0.0);
  for (std::size_t i = counts.size() - 1; i-- > 0;) {
    const double fraction = static_cast<double>(counts[i + 1]) / all;
    squares_above[i] = squares_above[i + 1] + fraction * fraction;
  }
  double best = -1, squares = 0;
  int level = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double fraction = static_cast<double>(counts[i]) / all;
    squares += fraction * fraction;
    if (sums.count[i] == 0 || sums.count[i] == sums.count.back()) continue;
    const double below = static_cast<double>(sums.count[i]) / all, product = below * (1 - below);
    const double criterion = product * product / (squares * squares_above[i]);
    if (criterion > best) {
      best = criterion;
      level = static_cast<int>(i);
    }
  }
  return level;
}

}  // namespace auto_threshold_levels

/// The last bin of the background; that of the histogram where fewer than two bins hold anything.
inline int auto_threshold_level(const std::string& method, Counts counts) {
  using namespace auto_threshold_levels;
  const int last = static_cast<int>(counts.size()) - 1;
  if (counts.size() - static_cast<std::size_t>(std::count(counts.begin(), counts.end(), 0u)) < 2)
    return last;
  const int level = method == "otsu"       ? otsu(counts)
                    : method == "li"       ? li(counts)
                    : method == "triangle" ? triangle(counts)
                    : method == "mean"     ? mean(counts)
                    : method == "yen"      ? yen(counts)
                                           : isodata(counts);
  return std::clamp(level, 0, last);
}

inline Operation auto_threshold(int dims) {
  return {
      .name = operation_name("AutoThreshold", dims),
      .family = "AutoThreshold",
      .dims = dims,
      .kind = Kind::reduction,
      .definition =
          "1 above a level that a method finds in the histogram, else 0; a u8 mask. All 0 where "
          "fewer than two bins hold a voxel, as in a constant image. Bins: of u8 the 256 grey "
          "levels; of u16 and f32 Histogram's 256 over [min, max]; but for otsu of u16 the 65536 "
          "grey levels, of f32 256 over [min, max] by edges in double precision, min + i ((max - "
          "min) / 256), the last bin closed. Foreground is bin > level, for otsu of f32 value > "
          "the centre of the level's bin. N(k), M(k): the count and the mean of the bins up to k, "
          "n(k), m(k) of those above, c(k) the count of k. otsu: the first k with the largest N n "
          "(M - m)^2, among those with N, n > 0. mean: the mean bin, rounded down. default: "
          "ImageJ's modified IsoData. Where the highest count is above twice the second highest, "
          "it becomes 3/2 of that, rounded down; the first and the last bin become 0. If no two "
          "bins are left the level is 128; else k runs from the first occupied bin upwards while k "
          "+ 2 <= (M(k) + m(k)) / 2 and k + 2 < the last occupied bin, and the level is the last "
          "(M + m) / 2, rounded half up. li: from t = the mean bin on, k = t rounded half up, t' = "
          "(M - m) / (ln M - ln m) rounded half up, 0 where M or m is 0 or its side is empty; "
          "until |t' - t| <= 1/2; the level is the last k. triangle: a line from the top (bin and "
          "count of the first highest bin) to the foot, the bin beyond the farther end of the "
          "occupied bins (the higher end only if it is strictly farther; inside the histogram), "
          "with its count; the first bin from the foot to the top with the largest distance below "
          "the line; the level is one bin nearer to the foot. yen: the first k with the largest (P "
          "(1 - P))^2 / (S s), P = N / all, S and s the sums of (c / all)^2 up to k and above, "
          "among those with N, n > 0. (ImageJ takes logarithms, so that in an image of two values "
          "its rounding decides; here the level is the lower one.)",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "method",
                      .default_value = "default",
                      .choices = {"default", "otsu", "li", "triangle", "mean", "yen"},
                      .description = "how the level is found: ImageJ's methods of these names, "
                                     "otsu as in scikit-image"}},
      .gives_mask = true,
      .output_dtype = [](const Parameters&, DType) { return DType::u8; },
      .flops_per_voxel = [](const Parameters&) { return 4.0; },
  };
}

}  // namespace voxelmark
