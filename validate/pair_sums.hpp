#pragma once
#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "validate/paired_agreement.hpp"

// What agreement adds up over all pairs, in two passes. `get(i)` gives a Pair.

namespace voxelmark::pair_sums {

/// Adds up `Sums` over all pairs: blocks of one size, joined pairwise, so that rounding is small
/// and the same on any number of threads.
template <class Sums, class Add>
Sums total(std::size_t n, const Add& add) {
  constexpr std::size_t grain = 1 << 14;
  return tbb::parallel_deterministic_reduce(
      tbb::blocked_range<std::size_t>(0, n, grain), Sums{},
      [&](const auto& range, Sums sums) {
        for (std::size_t i = range.begin(); i < range.end(); ++i) add(sums, i);
        return sums;
      },
      [](Sums a, const Sums& b) {
        a.join(b);
        return a;
      });
}

/// Of the sides reference (x) and test (y).
struct Pair {
  double x, y;
  double mean() const { return x + (y - x) / 2; }
  double relative() const { return (y - x) / mean(); }
};

/// Sums over the pairs: of sides, differences and means, of |y - x| / mean and of errors.
struct First {
  double x = 0, y = 0, d = 0, m = 0, relative = 0, abs = 0, squares = 0, max_abs = 0;
  double least_m = std::numeric_limits<double>::infinity(), largest_m = -least_m;
  std::int64_t without_d = 0, without_relative = 0;

  void join(const First& b) {
    x += b.x;
    y += b.y;
    d += b.d;
    m += b.m;
    relative += b.relative;
    abs += b.abs;
    squares += b.squares;
    max_abs = std::max(max_abs, b.max_abs);
    least_m = std::min(least_m, b.least_m);
    largest_m = std::max(largest_m, b.largest_m);
    without_d += b.without_d;
    without_relative += b.without_relative;
  }
};

/// About the means of the first pass. The sums of first powers are what rounding left in these.
struct Second {
  double x = 0, y = 0, d = 0, m = 0, xx = 0, yy = 0, xy = 0, dd = 0, dm = 0, mm = 0, relative = 0,
         relative2 = 0;

  void join(const Second& b) {
    x += b.x;
    y += b.y;
    d += b.d;
    m += b.m;
    xx += b.xx;
    yy += b.yy;
    xy += b.xy;
    dd += b.dd;
    dm += b.dm;
    mm += b.mm;
    relative += b.relative;
    relative2 += b.relative2;
  }
};

template <class Get>
First first_pass(std::size_t count, const Get& get, Difference difference) {
  return total<First>(count, [&](First& s, std::size_t i) {
    const Pair p = get(i);
    const double error = p.y - p.x, m = p.mean(), d = difference_of(p.x, p.y, difference);
    s.x += p.x;
    s.y += p.y;
    s.m += m;
    if (std::isfinite(d))
      s.d += d;
    else
      ++s.without_d;
    if (m != 0)
      s.relative += std::abs(p.relative());
    else
      ++s.without_relative;
    s.abs += std::abs(error);
    s.squares += error * error;
    s.max_abs = std::max(s.max_abs, std::abs(error));
    s.least_m = std::min(s.least_m, m);
    s.largest_m = std::max(s.largest_m, m);
  });
}

template <class Get>
Second second_pass(std::size_t count, const Get& get, Difference difference, const First& first) {
  const double n = static_cast<double>(count);
  const double x0 = first.x / n, y0 = first.y / n, d0 = first.d / n, m0 = first.m / n;
  const bool relative = first.without_relative == 0;
  const double relative0 = first.relative / n;
  return total<Second>(count, [&](Second& sums, std::size_t i) {
    const Pair p = get(i);
    const double x = p.x - x0, y = p.y - y0, d = difference_of(p.x, p.y, difference) - d0,
                 m = p.mean() - m0;
    sums.x += x;
    sums.y += y;
    sums.d += d;
    sums.m += m;
    sums.xx += x * x;
    sums.yy += y * y;
    sums.xy += x * y;
    sums.dd += d * d;
    sums.dm += d * m;
    sums.mm += m * m;
    const double r = relative ? std::abs(p.relative()) - relative0 : 0;
    sums.relative += r;
    sums.relative2 += r * r;
  });
}

/// Means, and sums of squares and products about them, of sides x and y, differences d and means m.
struct Moments {
  double n = 0;
  double mean_x = 0, mean_y = 0, mean_d = 0, mean_m = 0;
  double sxx = 0, syy = 0, sxy = 0, sdd = 0, sdm = 0, smm = 0;

  Moments(double pairs, const First& first, const Second& s)
      : n(pairs),
        mean_x(first.x / n + s.x / n),
        mean_y(first.y / n + s.y / n),
        mean_d(first.d / n + s.d / n),
        mean_m(first.m / n + s.m / n),
        sxx(s.xx - s.x * s.x / n),
        syy(s.yy - s.y * s.y / n),
        sxy(s.xy - s.x * s.y / n),
        sdd(std::max(0.0, s.dd - s.d * s.d / n)),
        sdm(s.dm - s.d * s.m / n),
        smm(std::max(0.0, s.mm - s.m * s.m / n)) {}

  // Of the least squares of d on m.
  double slope() const { return sdm / smm; }
  double intercept() const { return mean_d - slope() * mean_m; }
};

}  // namespace voxelmark::pair_sums
