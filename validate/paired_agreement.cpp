#include "validate/paired_agreement.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "validate/correlation.hpp"

namespace voxelmark {

namespace {

constexpr std::size_t grain = 1 << 14;
constexpr double level = 0.975;  // of intervals of 95 %, two-sided

/// Adds up `Sums` over all pairs: blocks of one size, joined pairwise, so that rounding is small
/// and the same on any number of threads.
template <class Sums, class Add>
Sums total(std::size_t n, const Add& add) {
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

struct Pair {
  double x, y;
  double mean() const { return x + (y - x) / 2; }
  double relative() const { return (y - x) / mean(); }
};

std::string counted(std::int64_t pairs) {
  return std::to_string(pairs) + (pairs == 1 ? " pair has" : " pairs have");
}

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

struct Residuals {
  double r = 0, rm = 0;
  void join(const Residuals& b) {
    r += b.r;
    rm += b.rm;
  }
};

double t_quantile(double degrees) {
  return boost::math::quantile(boost::math::students_t(degrees), level);
}

ValueRange around(double centre, double half) { return {centre - half, centre + half}; }

ValueRange none(const char* reason) { return {Undefined{reason}, Undefined{reason}}; }

ValueRange fisher(double r, double n) {
  if (n <= 3) return none("needs more than 3 pairs");
  if (std::abs(r) == 1) return none("r is 1 or -1: Fisher's z is infinite");
  const double half = boost::math::quantile(boost::math::normal(), level) / std::sqrt(n - 3);
  return {std::tanh(std::atanh(r) - half), std::tanh(std::atanh(r) + half)};
}

constexpr const char* pixels_depend =
    "the unit is the pixel, and pixels of an image depend on each other";

/// The verdict is of absolute differences; of ratios none is drawn.
std::string verdict(const PairedAgreement& a, double intercept_t, bool constant) {
  if (constant) return *a.bias == 0 ? "no difference" : "constant offset, the same for every pair";
  if (!a.slope_p) return "";
  if (*a.slope_p < 0.05) {
    const std::string inseparable =
        "proportional bias or unequal random error, inseparable without replicates";
    return std::abs(intercept_t) < 1 ? "relative error: " + inseparable : inseparable;
  }
  const bool offset = *a.bias_ci.lower > 0 || *a.bias_ci.upper < 0;
  return offset ? "constant offset" : "random differences only";
}

template <class Get>
PairedAgreement agreement(std::size_t count, const Get& get, const PairedOptions& options) {
  if (count == 0) throw std::logic_error("agreement of no pairs");
  const double n = static_cast<double>(count);
  const First first = total<First>(count, [&](First& s, std::size_t i) {
    const Pair p = get(i);
    const double error = p.y - p.x, m = p.mean(), d = difference_of(p.x, p.y, options.difference);
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
  const double x0 = first.x / n, y0 = first.y / n, d0 = first.d / n, m0 = first.m / n;
  const bool relative = first.without_relative == 0;
  const double relative0 = first.relative / n;
  Second s = total<Second>(count, [&](Second& sums, std::size_t i) {
    const Pair p = get(i);
    const double x = p.x - x0, y = p.y - y0, d = difference_of(p.x, p.y, options.difference) - d0,
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
  const double mean_x = x0 + s.x / n, mean_y = y0 + s.y / n, mean_d = d0 + s.d / n,
               mean_m = m0 + s.m / n;
  const double sxx = s.xx - s.x * s.x / n, syy = s.yy - s.y * s.y / n, sxy = s.xy - s.x * s.y / n;
  const double sdd = std::max(0.0, s.dd - s.d * s.d / n), sdm = s.dm - s.d * s.m / n,
               smm = std::max(0.0, s.mm - s.m * s.m / n);

  PairedAgreement a;
  a.n = static_cast<std::int64_t>(count);
  a.mean_reference = mean_x;
  a.mean_test = mean_y;
  a.difference_of_means = mean_y - mean_x;
  a.max_abs_error = first.max_abs;
  a.mean_abs_error = first.abs / n;
  a.rmse = std::sqrt(first.squares / n);
  const Undefined one_pair{"needs more than one pair"};
  const auto sd = [&](double sum) { return n > 1 ? Value(std::sqrt(sum / (n - 1))) : one_pair; };
  a.sd_reference = sd(std::max(0.0, sxx));
  a.sd_test = sd(std::max(0.0, syy));

  const bool x_varies = varies(sxx, mean_x, n), y_varies = varies(syy, mean_y, n);
  if (x_varies && y_varies) {
    const double r = correlation(sxx, syy, sxy);
    a.pearson_r = r;
    a.pearson_r_ci = options.independent ? fisher(r, n) : none(pixels_depend);
  } else {
    a.pearson_r = Undefined{x_varies   ? "the test side is constant, or nearly so"
                            : y_varies ? "the reference side is constant, or nearly so"
                                       : "both sides are constant, or nearly so"};
    a.pearson_r_ci = {a.pearson_r, a.pearson_r};
  }
  const double divisor = options.sample_ccc ? n - 1 : n;
  const double offset = mean_x - mean_y;
  a.concordance = ratio(2 * sxy / divisor, (sxx + syy) / divisor + offset * offset,
                        "both sides are constant and equal");
  a.concordance_accuracy = !a.concordance ? a.concordance
                           : !a.pearson_r ? a.pearson_r
                                          : ratio(*a.concordance, *a.pearson_r, "Pearson's r is 0");

  if (relative) {
    a.mean_abs_relative_difference = 100 * (relative0 + s.relative / n);
    a.sd_abs_relative_difference =
        sd(std::max(0.0, s.relative2 - s.relative * s.relative / n)).then([](double v) {
          return 100 * v;
        });
  } else {
    a.mean_abs_relative_difference = a.sd_abs_relative_difference =
        Undefined{counted(first.without_relative) + " a mean of 0"};
  }

  a.residual_factor = options.z * std::sqrt(std::numbers::pi / 2);
  if (first.without_d > 0) {
    const Undefined reason{counted(first.without_d) + (options.difference == Difference::percent
                                                           ? " a mean of 0: no percentage"
                                                           : " a reference of 0: no ratio")};
    a.bias = a.sd = a.lower_limit = a.upper_limit = a.slope = a.intercept = a.slope_p =
        a.slope_range_over_sd = a.residual_slope = a.residual_intercept = reason;
    a.bias_ci = a.lower_limit_ci = a.upper_limit_ci = a.exact_lower_limit_ci =
        a.exact_upper_limit_ci = {reason, reason};
    return a;
  }
  a.bias = mean_d;
  a.sd = sd(sdd);
  if (n < 2) {
    a.lower_limit = a.upper_limit = a.slope = a.intercept = a.slope_p = a.slope_range_over_sd =
        a.residual_slope = a.residual_intercept = one_pair;
    a.bias_ci = a.lower_limit_ci = a.upper_limit_ci = a.exact_lower_limit_ci =
        a.exact_upper_limit_ci = {one_pair, one_pair};
    return a;
  }
  const double spread = *a.sd, z = options.z;
  a.lower_limit = mean_d - z * spread;
  a.upper_limit = mean_d + z * spread;
  if (options.independent) {
    const double t = t_quantile(n - 1);
    a.bias_ci = around(mean_d, t * spread / std::sqrt(n));
    const double limit_error = spread * std::sqrt(1 / n + z * z / (2 * (n - 1)));
    a.lower_limit_ci = around(*a.lower_limit, t * limit_error);
    a.upper_limit_ci = around(*a.upper_limit, t * limit_error);
    try {
      const boost::math::non_central_t distribution(n - 1, z * std::sqrt(n));
      const double low = boost::math::quantile(distribution, 1 - level) * spread / std::sqrt(n);
      const double high = boost::math::quantile(distribution, level) * spread / std::sqrt(n);
      a.exact_lower_limit_ci = {mean_d - high, mean_d - low};
      a.exact_upper_limit_ci = {mean_d + low, mean_d + high};
    } catch (const std::exception&) {
      a.exact_lower_limit_ci = a.exact_upper_limit_ci =
          none("the quantile of the non-central t distribution was not found");
    }
  } else {
    a.bias_ci = a.lower_limit_ci = a.upper_limit_ci = a.exact_lower_limit_ci =
        a.exact_upper_limit_ci = none(pixels_depend);
  }

  if (!varies(smm, mean_m, n)) {
    a.slope = a.intercept = a.slope_p = a.slope_range_over_sd = a.residual_slope =
        a.residual_intercept = Undefined{"all pairs have the same mean"};
    return a;
  }
  const double slope = sdm / smm, intercept = mean_d - slope * mean_m;
  a.slope = slope;
  a.intercept = intercept;
  a.slope_range_over_sd =
      ratio(slope * (first.largest_m - first.least_m), spread, "all differences are equal");
  // What rounding leaves of equal differences is no finding.
  const bool constant = !varies(sdd, std::max(std::abs(mean_x), std::abs(mean_y)), n);
  double intercept_t = 0;
  if (!options.independent) {
    a.slope_p = Undefined{pixels_depend};
  } else if (n < 3) {
    a.slope_p = Undefined{"needs more than 2 pairs"};
  } else {
    const double variance = std::max(0.0, sdd - slope * sdm) / (n - 2);
    if (constant) {
      a.slope_p = Undefined{"all differences are equal, or nearly so"};
    } else if (variance > 0) {
      const boost::math::students_t distribution(n - 2);
      const double statistic = std::abs(slope) / std::sqrt(variance / smm);
      a.slope_p = 2 * boost::math::cdf(boost::math::complement(distribution, statistic));
      intercept_t = std::abs(intercept) / std::sqrt(variance * (1 / n + mean_m * mean_m / smm)) /
                    t_quantile(n - 2);
    } else {
      a.slope_p = 0.0;
      intercept_t = intercept == 0 ? 0 : 2;
    }
  }
  if (options.independent && options.difference == Difference::absolute)
    a.verdict = verdict(a, intercept_t, constant);
  const Residuals residuals = total<Residuals>(count, [&](Residuals& sums, std::size_t i) {
    const Pair p = get(i);
    const double m = p.mean();
    const double r = std::abs(difference_of(p.x, p.y, options.difference) - intercept - slope * m);
    sums.r += r;
    sums.rm += r * (m - mean_m);
  });
  a.residual_slope = residuals.rm / smm;
  a.residual_intercept = residuals.r / n - *a.residual_slope * mean_m;
  return a;
}

}  // namespace

double difference_of(double reference, double test, Difference kind) {
  switch (kind) {
    case Difference::absolute:
      return test - reference;
    case Difference::percent:
      return 100 * Pair{reference, test}.relative();
    case Difference::ratio:
      return test / reference;
  }
  throw std::logic_error("no such Difference");
}

PairedAgreement paired_agreement(std::span<const double> reference, std::span<const double> test,
                                 const PairedOptions& options) {
  if (reference.size() != test.size()) throw std::logic_error("pairs of different counts");
  return agreement(
      reference.size(),
      [&](std::size_t i) {
        return Pair{reference[i], test[i]};
      },
      options);
}

PairedAgreement paired_agreement(const Image& reference, const Image& test, PairedOptions options) {
  if (reference.shape() != test.shape() || reference.dtype() != test.dtype())
    throw std::logic_error("agreement of images of different shape or type");
  options.independent = false;
  return visit(reference.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto x = reference.pixels<T>(), y = test.pixels<T>();
    return agreement(
        x.size(),
        [&](std::size_t i) {
          return Pair{static_cast<double>(x[i]), static_cast<double>(y[i])};
        },
        options);
  });
}

Value repeatability(std::span<const double> first, std::span<const double> second) {
  if (first.size() != second.size()) throw std::logic_error("readings of different counts");
  if (first.empty()) return Undefined{"no replicates"};
  double squares = 0;
  for (std::size_t i = 0; i < first.size(); ++i)
    squares += (second[i] - first[i]) * (second[i] - first[i]);
  return 1.96 * std::sqrt(squares / static_cast<double>(first.size()));
}

}  // namespace voxelmark
