#pragma once
#include <span>
#include <vector>

namespace voxelmark::report {

/// The smallest value that at least a quarter of the values do not exceed: of eight, the second.
double lower_quartile(std::span<const double> values);

/// How far the quickest quarter and the next one lie apart, as a share of the quickest: of eight,
/// (third - first) / first. Nothing smaller is told from chance. 0 of one value.
double noise_floor(std::span<const double> values);

struct RatioInterval {
  double lower = 0, upper = 0;
};

/// The percentile bootstrap interval of lower_quartile(now) / lower_quartile(base), of positive
/// values: 90 %, so that the ratio is above the lower end with 95 % confidence. Nothing is drawn:
/// the chance of each value to be the quartile of a resample is binomial, which gives what endless
/// draws would (Efron 1979), and always the same.
RatioInterval bootstrap_ratio(std::span<const double> base, std::span<const double> now);

/// The 95 % interval of the same ratio, by the same bootstrap. Percentile intervals of a few values
/// are too narrow: the tails are those of Student's t in place of the normal distribution, widened
/// by sqrt(n / (n - 1)), n values on the smaller side (Hesterberg 2015, "expanded percentile
/// interval"). Of one value a side it has no width.
RatioInterval ratio_confidence_95(std::span<const double> base, std::span<const double> now);

/// Two-sided p of the Mann-Whitney U test. Exact where there are no ties and a side has at most 8
/// values, else by the normal distribution, corrected for ties and continuity.
double mann_whitney_p(std::span<const double> a, std::span<const double> b);

/// Benjamini and Hochberg's q for each p: the share of false ones among all cases whose p is as
/// small.
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace voxelmark::report
