#include "validate/image_agreement.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "validate/correlation.hpp"

namespace voxelmark {

namespace {

constexpr std::size_t grain = 1 << 16;

/// Sums over one range, in double; ranges are joined pairwise, which keeps the rounding small.
struct Sums {
  std::int64_t differing = 0, first_differing = -1;
  bool nan = false;
  double max_abs = 0, squares = 0, d = 0, reference = 0, test = 0;

  void join(const Sums& right) {
    differing += right.differing;
    if (first_differing < 0) first_differing = right.first_differing;
    nan |= right.nan;
    max_abs = std::max(max_abs, right.max_abs);
    squares += right.squares;
    d += right.d;
    reference += right.reference;
    test += right.test;
  }
};

struct Moments {
  double xx = 0, yy = 0, xy = 0, dd = 0;
};

/// Of a table's cells, which are f64, relative to the larger ones.
template <class T>
double difference(double reference, double test) {
  const double d = test - reference;
  return std::is_same_v<T, double> ? d / std::max(1.0, std::abs(reference)) : d;
}

template <class T>
Sums sums(std::span<const T> reference, std::span<const T> test) {
  return tbb::parallel_deterministic_reduce(
      tbb::blocked_range<std::size_t>(0, reference.size(), grain), Sums{},
      [&](const auto& range, Sums sum) {
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
          const auto x = static_cast<double>(reference[i]), y = static_cast<double>(test[i]);
          sum.reference += x;
          sum.test += y;
          if (reference[i] == test[i] || (is_nan(reference[i]) && is_nan(test[i]))) continue;
          if (sum.differing++ == 0 && sum.first_differing < 0)
            sum.first_differing = static_cast<std::int64_t>(i);
          const double d = difference<T>(x, y);
          sum.nan |= std::isnan(d);
          sum.max_abs = std::max(sum.max_abs, std::abs(d));
          sum.squares += d * d;
          sum.d += d;
        }
        return sum;
      },
      [](Sums left, const Sums& right) {
        left.join(right);
        return left;
      });
}

template <class T>
Moments moments(std::span<const T> reference, std::span<const T> test, double mean_x, double mean_y,
                double mean_d) {
  return tbb::parallel_deterministic_reduce(
      tbb::blocked_range<std::size_t>(0, reference.size(), grain), Moments{},
      [&](const auto& range, Moments sum) {
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
          const auto a = static_cast<double>(reference[i]), b = static_cast<double>(test[i]);
          const double x = a - mean_x, y = b - mean_y;
          const double d = (a == b ? 0 : difference<T>(a, b)) - mean_d;
          sum.xx += x * x;
          sum.yy += y * y;
          sum.xy += x * y;
          sum.dd += d * d;
        }
        return sum;
      },
      [](const Moments& a, const Moments& b) {
        return Moments{a.xx + b.xx, a.yy + b.yy, a.xy + b.xy, a.dd + b.dd};
      });
}

std::optional<double> pearson(const Moments& m, double mean_x, double mean_y, double n) {
  if (!varies(m.xx, mean_x, n) || !varies(m.yy, mean_y, n)) return std::nullopt;
  const double r = correlation(m.xx, m.yy, m.xy);
  return std::isfinite(r) ? std::optional(r) : std::nullopt;
}

}  // namespace

ImageAgreement image_agreement(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape() || reference.dtype() != test.dtype())
    throw std::logic_error("agreement of images of different shape or type");
  return visit(reference.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto x = reference.pixels<T>(), y = test.pixels<T>();
    const Sums sum = sums<T>(x, y);
    const double n = static_cast<double>(std::max<std::size_t>(1, x.size()));
    ImageAgreement figures;
    figures.n = static_cast<std::int64_t>(x.size());
    figures.differing = sum.differing;
    figures.first_differing = sum.first_differing;
    figures.max_abs_error = sum.nan ? std::numeric_limits<double>::quiet_NaN() : sum.max_abs;
    figures.rmse = std::sqrt(sum.squares / n);
    figures.bias = sum.d / n;
    const double mean_x = sum.reference / n, mean_y = sum.test / n;
    const Moments m = moments<T>(x, y, mean_x, mean_y, figures.bias);
    figures.sd = std::sqrt(m.dd / std::max(1.0, n - 1));
    figures.pearson_r = pearson(m, mean_x, mean_y, n);
    return figures;
  });
}

bool agrees(const ImageAgreement& figures, const Tolerance& tolerance) {
  // A rate says nothing of a handful of voxels: three are granted to an image of any size.
  constexpr double granted = 3;
  const double most = tolerance.max_fraction_differing * static_cast<double>(figures.n);
  return figures.max_abs_error <= tolerance.max_abs_error &&
         static_cast<double>(figures.differing) <= most + granted;
}

}  // namespace voxelmark
