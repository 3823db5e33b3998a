#include "validate/aggregate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "validate/image_error.hpp"
#include "validate/quantile.hpp"

namespace voxelmark {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int resamples = 2000;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Value finite(double value) {
  return std::isfinite(value) ? Value(value) : Value(Undefined{"infinite in too many images"});
}

ValueRange central_95(std::vector<double>& values) {
  const Value lower = finite(quantile_in_place(values, 0.025)),
              upper = finite(quantile_in_place(values, 0.975));
  return upper ? ValueRange{lower, upper} : ValueRange{upper, upper};
}

}  // namespace

Aggregate aggregate(std::span<const double> values, std::int64_t n_infinite,
                    std::int64_t n_undefined, std::uint64_t seed) {
  Aggregate a;
  a.n = static_cast<std::int64_t>(values.size()) + n_infinite;
  a.n_infinite = n_infinite;
  a.n_undefined = n_undefined;
  if (a.n == 0) {
    const Undefined none{"undefined for every image"};
    a.mean = a.sd = a.median = a.lower_quartile = a.upper_quartile = none;
    a.mean_ci = a.median_ci = {none, none};
    return a;
  }
  std::vector<double> all(values.begin(), values.end());
  std::sort(all.begin(), all.end());
  all.insert(all.end(), static_cast<std::size_t>(n_infinite), infinity);
  const double centre = mean_of(all);
  a.mean = finite(centre);
  if (!a.mean) {
    a.sd = a.mean;
  } else if (a.n < 2) {
    a.sd = Undefined{"needs more than one image"};
  } else {
    double squares = 0;
    for (const double value : all) squares += (value - centre) * (value - centre);
    a.sd = std::sqrt(squares / static_cast<double>(a.n - 1));
  }
  a.median = finite(quantile(all, 0.5));
  a.lower_quartile = finite(quantile(all, 0.25));
  a.upper_quartile = finite(quantile(all, 0.75));
  if (a.n < 2) {
    const Undefined one{"needs more than one image"};
    a.mean_ci = a.median_ci = {one, one};
    return a;
  }
  std::mt19937_64 random(seed);
  std::vector<double> means, medians, sample(all.size());
  for (int i = 0; i < resamples; ++i) {
    // Not uniform_int_distribution, which differs between standard libraries.
    for (double& value : sample) value = all[random() % all.size()];
    means.push_back(mean_of(sample));
    medians.push_back(quantile_in_place(sample, 0.5));
  }
  a.mean_ci = a.mean ? central_95(means) : ValueRange{a.mean, a.mean};
  a.median_ci = central_95(medians);
  return a;
}

std::vector<NamedAggregate> aggregate_all(const std::vector<Figures>& images, std::uint64_t seed) {
  struct Values {
    std::vector<double> numbers;
    std::int64_t infinite = 0, undefined = 0;
  };
  std::map<std::string, Values> by_key;
  std::vector<std::string> order;
  for (const Figures& figures : images)
    for (const Figure& f : figures) {
      const bool known = by_key.contains(f.key);
      if (!f.scalar || (!f.number() && !f.value.is_null())) continue;
      Values& values = by_key[f.key];
      if (!known) order.push_back(f.key);
      if (const auto number = f.number())
        values.numbers.push_back(*number);
      else if (f.reason == BoundaryAgreement::one_side_empty || f.reason == RelativeError::no_error)
        ++values.infinite;
      else
        ++values.undefined;
    }
  std::vector<NamedAggregate> result;
  for (const std::string& key : order) {
    const Values& values = by_key[key];
    result.push_back({key, aggregate(values.numbers, values.infinite, values.undefined, seed)});
  }
  return result;
}

Figures to_figures(const std::vector<NamedAggregate>& aggregates) {
  Figures result;
  for (const auto& [key, a] : aggregates) {
    result.push_back({key + ".n", a.n, ""});
    result.push_back({key + ".n_infinite", a.n_infinite, ""});
    result.push_back({key + ".n_undefined", a.n_undefined, ""});
    result.push_back(figure(key + ".mean", a.mean));
    result.push_back(figure(key + ".mean_ci", a.mean_ci));
    result.push_back(figure(key + ".sd", a.sd));
    result.push_back(figure(key + ".median", a.median));
    result.push_back(figure(key + ".median_ci", a.median_ci));
    result.push_back(figure(key + ".iqr", ValueRange{a.lower_quartile, a.upper_quartile}));
  }
  return result;
}

}  // namespace voxelmark
