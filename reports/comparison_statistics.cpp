#include "reports/comparison_statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <numeric>

namespace voxelmark::report {

namespace {

using Values = std::vector<double>;

Values sorted(std::span<const double> values) {
  Values result(values.begin(), values.end());
  std::sort(result.begin(), result.end());
  return result;
}

/// 1-based, among n sorted values.
std::size_t quartile_rank(std::size_t n) { return (n + 3) / 4; }

/// P(X >= least) for X ~ binomial(n, p), p above 0.
double binomial_tail(double n, double p, double least) {
  if (p >= 1) return 1;
  double sum = 0;
  for (double k = least; k <= n; ++k)
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                    k * std::log(p) + (n - k) * std::log1p(-p));
  return sum;
}

/// For each of n sorted values, how likely it is to be the lower quartile of a resample.
const Values& quartile_chances(std::size_t n) {
  static std::map<std::size_t, Values> known;
  if (const auto found = known.find(n); found != known.end()) return found->second;
  Values chances;
  double below = 0;
  for (std::size_t k = 1; k <= n; ++k) {
    const auto count = static_cast<double>(n);
    const double up_to =
        binomial_tail(count, static_cast<double>(k) / count, static_cast<double>(quartile_rank(n)));
    chances.push_back(up_to - below);
    below = up_to;
  }
  return known.emplace(n, std::move(chances)).first->second;
}

/// The chance that a ratio of two resamples' quartiles is at most `ratio`; both sides are sorted.
double chance_at_most(double ratio, const Values& base, const Values& now) {
  const Values &base_chances = quartile_chances(base.size()),
               &now_chances = quartile_chances(now.size());
  double sum = 0, cumulated = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    for (; next < now.size() && now[next] <= ratio * base[i]; ++next)
      cumulated += now_chances[next];
    sum += base_chances[i] * cumulated;
  }
  return sum;
}

/// By bisection, to 1e-9 of its value.
double quantile_of_ratio(double q, const Values& base, const Values& now) {
  double below = now.front() / base.back() * (1 - 1e-9),
         above = now.back() / base.front() * (1 + 1e-9);
  while (above / below > 1 + 1e-9) {
    const double middle = std::sqrt(below * above);
    (chance_at_most(middle, base, now) < q ? below : above) = middle;
  }
  return above;
}

/// Of all orders of a and b values, how many have U = 0, 1, …: the sum of the a's ranks above its
/// least.
const Values& orders_by_u(std::size_t a, std::size_t b) {
  static std::map<std::pair<std::size_t, std::size_t>, Values> known;
  if (const auto found = known.find({a, b}); found != known.end()) return found->second;
  Values orders(a * b + 1, 0.0);
  if (a == 0 || b == 0) {
    orders[0] = 1;
  } else {
    // The largest value is one of a, above all of b, or one of b.
    const Values &from_a = orders_by_u(a - 1, b), &from_b = orders_by_u(a, b - 1);
    for (std::size_t u = 0; u < from_a.size(); ++u) orders[u + b] += from_a[u];
    for (std::size_t u = 0; u < from_b.size(); ++u) orders[u] += from_b[u];
  }
  return known.emplace(std::pair(a, b), std::move(orders)).first->second;
}

double exact_p(double u, std::size_t a, std::size_t b) {
  const Values& orders = orders_by_u(a, b);
  const double all = std::accumulate(orders.begin(), orders.end(), 0.0);
  const auto extreme = static_cast<std::size_t>(std::max(u, static_cast<double>(a * b) - u));
  const double tail =
      std::accumulate(orders.begin() + static_cast<std::ptrdiff_t>(extreme), orders.end(), 0.0);
  return std::min(1.0, 2 * tail / all);
}

}  // namespace

double lower_quartile(std::span<const double> values) {
  return sorted(values)[quartile_rank(values.size()) - 1];
}

double noise_floor(std::span<const double> values) {
  const Values x = sorted(values);
  const std::size_t next = std::min(quartile_rank(x.size()), x.size() - 1);
  return (x[next] - x[0]) / x[0];
}

RatioInterval bootstrap_ratio(std::span<const double> base, std::span<const double> now) {
  const Values x = sorted(base), y = sorted(now);
  return {quantile_of_ratio(0.05, x, y), quantile_of_ratio(0.95, x, y)};
}

RatioInterval ratio_confidence_95(std::span<const double> base, std::span<const double> now) {
  namespace math = boost::math;
  const Values x = sorted(base), y = sorted(now);
  double tail = 0.025;
  if (const std::size_t fewest = std::min(x.size(), y.size()); fewest > 1) {
    const auto n = static_cast<double>(fewest);
    tail = math::cdf(math::normal(),
                     std::sqrt(n / (n - 1)) * math::quantile(math::students_t(n - 1), tail));
  }
  return {quantile_of_ratio(tail, x, y), quantile_of_ratio(1 - tail, x, y)};
}

double mann_whitney_p(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t few = 8;  // SciPy's limit, too
  const Values y = sorted(b);
  double u = 0;
  for (const double value : a) {
    const auto [low, high] = std::equal_range(y.begin(), y.end(), value);
    u += static_cast<double>(low - y.begin()) + static_cast<double>(high - low) / 2;
  }
  Values all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  double ties = 0;
  for (auto it = all.begin(); it != all.end();) {
    const auto end = std::upper_bound(it, all.end(), *it);
    const auto t = static_cast<double>(end - it);
    ties += t * t * t - t;
    it = end;
  }
  if (ties == 0 && std::min(a.size(), b.size()) <= few) return exact_p(u, a.size(), b.size());
  const auto m = static_cast<double>(a.size()), k = static_cast<double>(b.size()), n = m + k;
  const double variance = m * k / 12 * (n + 1 - ties / (n * (n - 1)));
  if (!(variance > 0)) return 1;
  const double z = (std::abs(u - m * k / 2) - 0.5) / std::sqrt(variance);
  return std::min(1.0, std::erfc(z / std::sqrt(2.0)));
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return p[i] > p[j]; });
  std::vector<double> q(p.size());
  double least = 1;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto rank = static_cast<double>(p.size() - k);
    least = std::min(least, p[order[k]] * static_cast<double>(p.size()) / rank);
    q[order[k]] = least;
  }
  return q;
}

}  // namespace voxelmark::report
