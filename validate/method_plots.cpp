#include "validate/method_plots.hpp"

#include "engines/core/files.hpp"
#include "validate/plots.hpp"

namespace voxelmark {

namespace {

struct Names {
  std::string reference, test, unit;
};

PlotLine line(const Value& value, const ValueRange& interval) {
  PlotLine result{*value};
  if (interval.lower && interval.upper) result.interval = {*interval.lower, *interval.upper};
  return result;
}

void draw(const std::filesystem::path& prefix, const PairSource& pairs, const PairedAgreement& a,
          const Names& names, const PairedOptions& options, bool log_counts) {
  const auto write = [&](const char* name, const std::string& svg) {
    write_text(prefix.string() + name, svg);
  };
  if (a.bias && a.lower_limit && a.upper_limit) {
    const std::string y = options.difference == Difference::absolute ? "test − reference"
                          : options.difference == Difference::percent
                              ? "test − reference [% of the mean]"
                              : "test / reference";
    write("bland_altman.svg",
          bland_altman_svg(mean_and_difference(pairs, options.difference),
                           {"Bland-Altman: " + names.test + " against " + names.reference,
                            "mean of both" + names.unit, y},
                           {line(a.bias, a.bias_ci), line(a.lower_limit, a.exact_lower_limit_ci),
                            line(a.upper_limit, a.exact_upper_limit_ci),
                            options.difference == Difference::ratio ? 1.0 : 0.0}));
  }
  write("scatter.svg", scatter_svg(pairs,
                                   {names.test + " against " + names.reference,
                                    names.reference + names.unit, names.test + names.unit},
                                   a.pearson_r ? std::optional(*a.pearson_r) : std::nullopt));
  write("histogram.svg", histogram_svg(pairs, {"Histograms", "value" + names.unit, "count"},
                                       log_counts, names.reference, names.test));
}

}  // namespace

void draw_measurements(const std::filesystem::path& prefix, std::span<const double> reference,
                       std::span<const double> test, const std::string& reference_name,
                       const std::string& test_name, const PairedOptions& options) {
  const PairSource pairs{reference.size(), [&](std::size_t i) {
                           return std::pair{reference[i], test[i]};
                         }};
  draw(prefix, pairs, paired_agreement(reference, test, options),
       {reference_name + " (reference)", test_name + " (test)", ""}, options, false);
}

void draw_images(const std::filesystem::path& prefix, const Image& reference, const Image& test,
                 const PairedOptions& options) {
  visit(reference.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto x = reference.pixels<T>(), y = test.pixels<T>();
    const PairSource pairs{x.size(), [&](std::size_t i) {
                             return std::pair{static_cast<double>(x[i]), static_cast<double>(y[i])};
                           }};
    draw(prefix, pairs, paired_agreement(reference, test, options),
         {"reference", "test", " [grey levels]"}, options, true);
  });
}

}  // namespace voxelmark
