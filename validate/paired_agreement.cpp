#include "validate/paired_agreement.hpp"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "validate/correlation.hpp"
#include "validate/pair_sums.hpp"

namespace voxelmark {

using namespace pair_sums;

namespace {

constexpr double level = 0.975;  // of intervals of 95 %, two-sided

std::string pairs_have(std::int64_t pairs) {
  return std::to_string(pairs) + (pairs == 1 ? " pair has" : " pairs have");
}

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

constexpr const char* one_pair = "needs more than one pair";

Value standard_deviation(double squares, double n) {
  return n > 1 ? Value(std::sqrt(squares / (n - 1))) : Value(Undefined{one_pair});
}

void set_sides_and_errors(PairedAgreement& a, const Moments& s, const First& first) {
  a.n = static_cast<std::int64_t>(s.n);
  a.mean_reference = s.mean_x;
  a.mean_test = s.mean_y;
  a.difference_of_means = s.mean_y - s.mean_x;
  a.max_abs_error = first.max_abs;
  a.mean_abs_error = first.abs / s.n;
  a.rmse = std::sqrt(first.squares / s.n);
  a.sd_reference = standard_deviation(std::max(0.0, s.sxx), s.n);
  a.sd_test = standard_deviation(std::max(0.0, s.syy), s.n);
}

void set_correlation(PairedAgreement& a, const Moments& s, const PairedOptions& options) {
  const bool x_varies = varies(s.sxx, s.mean_x, s.n), y_varies = varies(s.syy, s.mean_y, s.n);
  if (x_varies && y_varies) {
    const double r = correlation(s.sxx, s.syy, s.sxy);
    a.pearson_r = r;
    a.pearson_r_ci = options.independent ? fisher(r, s.n) : none(pixels_depend);
  } else {
    a.pearson_r = Undefined{x_varies   ? "the test side is constant, or nearly so"
                            : y_varies ? "the reference side is constant, or nearly so"
                                       : "both sides are constant, or nearly so"};
    a.pearson_r_ci = {a.pearson_r, a.pearson_r};
  }
  const double divisor = options.sample_ccc ? s.n - 1 : s.n;
  const double offset = s.mean_x - s.mean_y;
  a.concordance = ratio(2 * s.sxy / divisor, (s.sxx + s.syy) / divisor + offset * offset,
                        "both sides are constant and equal");
  a.concordance_accuracy = !a.concordance ? a.concordance
                           : !a.pearson_r ? a.pearson_r
                                          : ratio(*a.concordance, *a.pearson_r, "Pearson's r is 0");
}

void set_relative_differences(PairedAgreement& a, const First& first, const Second& s, double n) {
  if (first.without_relative > 0) {
    a.mean_abs_relative_difference = a.sd_abs_relative_difference =
        Undefined{pairs_have(first.without_relative) + " a mean of 0"};
    return;
  }
  a.mean_abs_relative_difference = 100 * (first.relative / n + s.relative / n);
  a.sd_abs_relative_difference =
      standard_deviation(std::max(0.0, s.relative2 - s.relative * s.relative / n), n)
          .then([](double v) { return 100 * v; });
}

void set_intervals(PairedAgreement& a, const Undefined& reason) {
  a.bias_ci = a.lower_limit_ci = a.upper_limit_ci = a.exact_lower_limit_ci =
      a.exact_upper_limit_ci = {reason, reason};
}

void set_regression(PairedAgreement& a, const Undefined& reason) {
  a.slope = a.intercept = a.slope_p = a.slope_range_over_sd = a.residual_slope =
      a.residual_intercept = reason;
}

/// Bias, limits and regression for want of differences.
void set_without_differences(PairedAgreement& a, const Undefined& reason) {
  a.bias = a.sd = a.lower_limit = a.upper_limit = reason;
  set_intervals(a, reason);
  set_regression(a, reason);
}

/// Of independent pairs: Bland and Altman's intervals, and the exact ones of the limits.
void set_intervals(PairedAgreement& a, double mean_d, double n, double z) {
  const double t = t_quantile(n - 1), spread = *a.sd;
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
}

/// Where there are two pairs or more.
void set_limits(PairedAgreement& a, const Moments& s, const PairedOptions& options) {
  a.lower_limit = s.mean_d - options.z * *a.sd;
  a.upper_limit = s.mean_d + options.z * *a.sd;
  if (options.independent)
    set_intervals(a, s.mean_d, s.n, options.z);
  else
    set_intervals(a, Undefined{pixels_depend});
}

/// The two-sided p of slope = 0. Gives |t| of the intercept over its 95 % quantile, 0 where there
/// is none.
double test_slope(PairedAgreement& a, const Moments& s, bool independent, bool constant) {
  const auto undefined = [&](const char* reason) {
    a.slope_p = Undefined{reason};
    return 0.0;
  };
  if (!independent) return undefined(pixels_depend);
  if (s.n < 3) return undefined("needs more than 2 pairs");
  if (constant) return undefined("all differences are equal, or nearly so");
  const double slope = s.slope(), intercept = s.intercept();
  const double variance = std::max(0.0, s.sdd - slope * s.sdm) / (s.n - 2);
  if (!(variance > 0)) {
    a.slope_p = 0.0;
    return intercept == 0 ? 0 : 2;
  }
  const boost::math::students_t distribution(s.n - 2);
  const double statistic = std::abs(slope) / std::sqrt(variance / s.smm);
  a.slope_p = 2 * boost::math::cdf(boost::math::complement(distribution, statistic));
  return std::abs(intercept) / std::sqrt(variance * (1 / s.n + s.mean_m * s.mean_m / s.smm)) /
         t_quantile(s.n - 2);
}

/// Least squares of d on m. Where the means vary and there are two pairs or more.
void set_slope(PairedAgreement& a, const Moments& s, const First& first,
               const PairedOptions& options) {
  a.slope = s.slope();
  a.intercept = s.intercept();
  a.slope_range_over_sd =
      ratio(s.slope() * (first.largest_m - first.least_m), *a.sd, "all differences are equal");
  // What rounding leaves of equal differences is no finding.
  const bool constant = !varies(s.sdd, std::max(std::abs(s.mean_x), std::abs(s.mean_y)), s.n);
  const double intercept_t = test_slope(a, s, options.independent, constant);
  if (options.independent && options.difference == Difference::absolute)
    a.verdict = verdict(a, intercept_t, constant);
}

/// Least squares of the residuals' sizes on m.
template <class Get>
void set_residuals(PairedAgreement& a, const Moments& s, const Get& get, Difference difference) {
  const double slope = s.slope(), intercept = s.intercept();
  const auto count = static_cast<std::size_t>(a.n);
  const Residuals residuals = total<Residuals>(count, [&](Residuals& sums, std::size_t i) {
    const Pair p = get(i);
    const double m = p.mean();
    const double r = std::abs(difference_of(p.x, p.y, difference) - intercept - slope * m);
    sums.r += r;
    sums.rm += r * (m - s.mean_m);
  });
  a.residual_slope = residuals.rm / s.smm;
  a.residual_intercept = residuals.r / s.n - *a.residual_slope * s.mean_m;
}

template <class Get>
PairedAgreement agreement(std::size_t count, const Get& get, const PairedOptions& options) {
  if (count == 0) throw std::logic_error("agreement of no pairs");
  const double n = static_cast<double>(count);
  const First first = first_pass(count, get, options.difference);
  const Second second = second_pass(count, get, options.difference, first);
  const Moments s(n, first, second);

  PairedAgreement a;
  set_sides_and_errors(a, s, first);
  set_correlation(a, s, options);
  set_relative_differences(a, first, second, n);
  a.residual_factor = options.z * std::sqrt(std::numbers::pi / 2);
  if (first.without_d > 0) {
    set_without_differences(
        a, {pairs_have(first.without_d) + (options.difference == Difference::percent
                                               ? " a mean of 0: no percentage"
                                               : " a reference of 0: no ratio")});
    return a;
  }
  if (n < 2) set_without_differences(a, {one_pair});
  a.bias = s.mean_d;
  a.sd = standard_deviation(s.sdd, n);
  if (n < 2) return a;
  set_limits(a, s, options);
  if (!varies(s.smm, s.mean_m, n)) {
    set_regression(a, Undefined{"all pairs have the same mean"});
    return a;
  }
  set_slope(a, s, first, options);
  set_residuals(a, s, get, options.difference);
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
