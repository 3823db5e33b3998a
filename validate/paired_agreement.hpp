#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "engines/core/image.hpp"
#include "validate/value.hpp"

namespace voxelmark {

/// What is taken as the difference of a pair (reference x, test y).
enum class Difference {
  absolute,  ///< y - x, in the unit of the measurements
  percent,   ///< 100 (y - x) / m with m = (x + y) / 2
  ratio,     ///< y / x
};

/// Of one pair; not finite where it is not defined.
double difference_of(double reference, double test, Difference kind);

struct PairedOptions {
  Difference difference = Difference::absolute;
  double z = 1.96;          ///< limits of agreement are bias ± z SD
  bool sample_ccc = false;  ///< concordance of moments over n - 1 instead of n
  bool independent = true;  ///< pairs are independent; pixels of an image are not: no intervals
};

/// Agreement of two methods that measured the same subjects: method comparison after Bland & Altman
/// (Lancet 1986; Statistical Methods in Medical Research 1999) and Lin (Biometrics 1989).
/// d is the difference of a pair, m its mean; intervals are of 95 %.
struct PairedAgreement {
  std::int64_t n = 0;
  double mean_reference = 0, mean_test = 0;
  Value sd_reference, sd_test;  ///< divided by n - 1
  double difference_of_means = 0;

  /// Σ(x-x̄)(y-ȳ) / √(Σ(x-x̄)² Σ(y-ȳ)²), in [-1, 1]; undefined where a side is constant or nearly so
  /// (‖x - x̄‖ <= 1e-13 |x̄| √n). The interval is Fisher's, for n > 3.
  Value pearson_r;
  ValueRange pearson_r_ci;

  /// Lin's coefficient 2 s_xy / (s_x² + s_y² + (x̄-ȳ)²), in [-1, 1], its precision (Pearson's r) and
  /// its accuracy C_b = concordance / r.
  Value concordance, concordance_accuracy;

  Value bias;                      ///< mean d
  ValueRange bias_ci;              ///< bias ± t(n-1) s/√n
  Value sd;                        ///< s, of d, divided by n - 1
  Value lower_limit, upper_limit;  ///< bias ± z s
  /// limit ± t(n-1) √(s² (1/n + z²/(2(n-1))))
  ValueRange lower_limit_ci, upper_limit_ci;
  /// The same by the non-central t distribution with n - 1 degrees of freedom and z √n.
  ValueRange exact_lower_limit_ci, exact_upper_limit_ci;

  /// Least squares of d on m: d = intercept + slope m, and the two-sided p of slope = 0.
  Value slope, intercept, slope_p;
  Value slope_range_over_sd;  ///< slope (max m - min m) / s
  std::string verdict;        ///< in plain words; empty where there is none
  /// Limits that follow m (Bland & Altman 1999, section 3.2): intercept + slope m ± factor
  /// (residual_intercept + residual_slope m), from the regression of the residuals' sizes on m.
  /// The factor is z √(π/2).
  Value residual_slope, residual_intercept;
  double residual_factor = 0;

  double max_abs_error = 0, mean_abs_error = 0, rmse = 0;  ///< of y - x
  /// Mean and SD of 100 |y - x| / |m|.
  Value mean_abs_relative_difference, sd_abs_relative_difference;
};

/// Throws std::logic_error where the sizes differ or are 0. Values must be finite.
PairedAgreement paired_agreement(std::span<const double> reference, std::span<const double> test,
                                 const PairedOptions& options = {});

/// Of the pixels of two images of one shape and type; options.independent is taken as false.
PairedAgreement paired_agreement(const Image& reference, const Image& test, PairedOptions options);

/// The coefficient of repeatability of a method from two readings of each subject (British
/// Standards Institution 1979): 1.96 √(Σd²/n), below which |d| lies with 95 % probability. Throws
/// std::logic_error where the sizes differ.
Value repeatability(std::span<const double> first, std::span<const double> second);

}  // namespace voxelmark
