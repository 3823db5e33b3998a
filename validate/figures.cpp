#include "validate/figures.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "engines/core/text.hpp"
#include "validate/image_agreement.hpp"
#include "validate/image_error.hpp"
#include "validate/label_overlap.hpp"
#include "validate/skeleton.hpp"

namespace voxelmark {

namespace {

using Json = nlohmann::ordered_json;

void append(Figures& figures, Figures more) {
  std::move(more.begin(), more.end(), std::back_inserter(figures));
}

const char* name_of(Difference difference) {
  switch (difference) {
    case Difference::absolute:
      return "test - reference";
    case Difference::percent:
      return "percent of the mean";
    case Difference::ratio:
      return "test / reference";
  }
  throw std::logic_error("no such Difference");
}

Figures paired_figures(const PairedAgreement& a, const std::string& unit,
                       const PairedOptions& options) {
  Figures f{{"n", a.n, ""},
            {"unit", unit, ""},
            figure("mean_reference", a.mean_reference),
            figure("mean_test", a.mean_test),
            figure("sd_reference", a.sd_reference),
            figure("sd_test", a.sd_test),
            figure("difference_of_means", a.difference_of_means),
            figure("pearson_r", a.pearson_r),
            figure("pearson_r_ci", a.pearson_r_ci),
            figure("concordance", a.concordance),
            figure("concordance_precision", a.pearson_r),
            figure("concordance_accuracy", a.concordance_accuracy),
            {"difference", name_of(options.difference), ""},
            figure("bias", a.bias),
            figure("bias_ci", a.bias_ci),
            figure("sd", a.sd),
            figure("limits_of_agreement.factor", options.z),
            figure("limits_of_agreement.lower", a.lower_limit),
            figure("limits_of_agreement.upper", a.upper_limit),
            figure("limits_of_agreement.lower_ci", a.lower_limit_ci),
            figure("limits_of_agreement.upper_ci", a.upper_limit_ci),
            figure("limits_of_agreement.exact_lower_ci", a.exact_lower_limit_ci),
            figure("limits_of_agreement.exact_upper_ci", a.exact_upper_limit_ci),
            figure("proportional_bias.slope", a.slope),
            figure("proportional_bias.intercept", a.intercept),
            figure("proportional_bias.p", a.slope_p),
            figure("proportional_bias.slope_range_over_sd", a.slope_range_over_sd)};
  if (a.verdict.empty())
    f.push_back({"proportional_bias.verdict", nullptr,
                 !a.slope_p ? a.slope_p.reason() : "drawn from absolute differences only", false});
  else
    f.push_back({"proportional_bias.verdict", a.verdict, ""});
  append(f, {figure("regression_limits.slope", a.slope),
             figure("regression_limits.intercept", a.intercept),
             figure("regression_limits.residual_slope", a.residual_slope),
             figure("regression_limits.residual_intercept", a.residual_intercept),
             figure("regression_limits.factor", a.residual_factor),
             figure("max_abs_error", a.max_abs_error), figure("mean_abs_error", a.mean_abs_error),
             figure("rmse", a.rmse),
             figure("mean_abs_relative_difference_percent", a.mean_abs_relative_difference),
             figure("sd_abs_relative_difference_percent", a.sd_abs_relative_difference)});
  return f;
}

Value or_named(const Value& value, const std::optional<double>& named) {
  return !value && named ? Value(*named) : value;
}

double voxel_volume(const Shape& shape, const Spacing& spacing) {
  return spacing.x * spacing.y * (shape.z == 1 ? 1 : spacing.z);
}

Figures overlap_figures(const Confusion& c, const Shape& shape, const MetricOptions& options) {
  const Spacing& spacing = options.boundary.spacing;
  return {{"n", shape.voxels(), ""},
          {"unit", shape.z == 1 ? "pixel" : "voxel", ""},
          {"spacing_um", Json::array({spacing.x, spacing.y, spacing.z}), ""},
          {"tp", c.tp, ""},
          {"fp", c.fp, ""},
          {"fn", c.fn, ""},
          {"tn", c.tn, ""},
          figure("dice", or_named(dice(c), options.both_empty)),
          figure("jaccard", or_named(jaccard(c), options.both_empty)),
          figure("accuracy", accuracy(c)),
          figure("sensitivity", sensitivity(c)),
          figure("specificity", specificity(c)),
          figure("precision", precision(c)),
          figure("balanced_accuracy", balanced_accuracy(c)),
          figure("youden", youden(c)),
          figure("mcc", matthews(c)),
          {"hamming", hamming(c), ""},
          figure("classification_error", classification_error(c)),
          figure("volume_error", volume_error(c, voxel_volume(shape, spacing)),
                 !options.boundary.calibrated ? (shape.z == 1 ? "pixels" : "voxels")
                 : shape.z == 1               ? "µm²"
                                              : "µm³"),
          figure("volume_error_relative", relative_volume_error(c)),
          figure("volume_sd", volume_sd(c))};
}

Figures boundary_figures(const Image& reference, const Image& test, const MetricOptions& options) {
  const BoundaryAgreement b = boundary_agreement(reference, test, options.boundary);
  const std::string unit = options.boundary.calibrated ? "µm"
                           : reference.shape().z == 1  ? "pixels"
                                                       : "voxels";
  Figures f{{"border", options.boundary.border_is_outside ? "outside" : "inside", ""},
            figure("hausdorff", b.hausdorff, unit),
            figure("hausdorff_directed.a_to_b", b.hausdorff_reference_to_test, unit),
            figure("hausdorff_directed.b_to_a", b.hausdorff_test_to_reference, unit),
            figure("hausdorff_simplified", b.hausdorff_simplified, unit),
            figure("hd95", b.hd95, unit),
            figure("contour_distance.a_to_b", b.contour_a_to_b, unit),
            figure("contour_distance.b_to_a", b.contour_b_to_a, unit),
            figure("contour_distance.bilateral", b.contour_bilateral, unit),
            figure("assd", b.assd, unit),
            figure("tau_um", options.boundary.tau ? Value(*options.boundary.tau)
                                                  : Value(Undefined{"not given: --tau"})),
            figure("nsd", b.nsd),
            figure("boundary_band_um", b.band),
            figure("boundary_iou", b.boundary_iou)};
  f.push_back(figure("cl_dice", options.centre_lines
                                    ? centre_line_dice(reference, test)
                                    : Value(Undefined{"not asked for: --cl-dice"})));
  return f;
}

Figures object_figures(const LabelOverlap& overlap, double iou) {
  const ObjectAgreement o = match_objects(overlap, iou);
  const SplitsAndMerges sm = splits_and_merges(overlap);
  Figures f{figure("object.iou", iou),
            {"object.tp", o.tp, ""},
            {"object.fp", o.fp, ""},
            {"object.fn", o.fn, ""},
            figure("object.precision", o.precision),
            figure("object.recall", o.recall),
            figure("object.f1", o.f1),
            figure("object.ap", o.ap),
            figure("object.sq", o.sq),
            figure("object.rq", o.rq),
            figure("object.pq", o.pq),
            {"object.splits", sm.splits.size(), ""},
            {"object.merges", sm.merges.size(), ""}};
  Json matches = Json::array();
  for (const ObjectMatch& match : o.matches)
    matches.push_back(Json::array({match.reference, match.test, match.iou}));
  double sum = 0;
  Value mean;
  for (int percent = 50; percent <= 95; percent += 5) {
    const ObjectAgreement at = match_objects(overlap, percent / 100.0);
    f.push_back(figure("object.f1_at." + std::to_string(percent), at.f1));
    f.push_back(figure("object.ap_at." + std::to_string(percent), at.ap));
    if (at.ap) sum += *at.ap;
    mean = at.ap ? Value(sum / 10) : at.ap;
  }
  append(f, {figure("object.ap_mean", mean),
             {"object.unmatched_reference", o.unmatched_reference, ""},
             {"object.unmatched_test", o.unmatched_test, ""},
             {"object.matches", matches, ""},
             {"object.split_reference", sm.splits, ""},
             {"object.merged_test", sm.merges, ""}});
  return f;
}

}  // namespace

Figure figure(std::string key, const Value& value, std::string unit) {
  if (!value) return {std::move(key), nullptr, value.reason()};
  // A whole number is written as one, whatever computed it.
  const bool whole = *value == std::trunc(*value) && std::abs(*value) < 1e15;
  return {.key = std::move(key),
          .value = whole ? Json(static_cast<std::int64_t>(*value)) : Json(*value),
          .reason = "",
          .unit = std::move(unit)};
}

Figure figure(std::string key, const ValueRange& range) {
  const auto end = [](const Value& value) { return value ? Json(*value) : Json(); };
  const std::string& reason = !range.lower ? range.lower.reason() : range.upper.reason();
  if (!range.lower && !range.upper) return {std::move(key), nullptr, reason, false};
  return {std::move(key), Json::array({end(range.lower), end(range.upper)}), reason, false};
}

std::optional<double> Figure::number() const {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  return std::nullopt;
}

Figures image_figures(const Image& reference, const Image& test, const MetricOptions& options) {
  PairedOptions paired = options.paired;
  paired.independent = false;
  const Shape& shape = reference.shape();
  const PairedAgreement agreement = paired_agreement(reference, test, paired);
  Figures f = paired_figures(agreement, shape.z == 1 ? "pixel" : "voxel", paired);
  const ImageAgreement error = image_agreement(reference, test);
  const RelativeError relative = relative_error(agreement.rmse, range_of(reference));
  const std::int64_t first = error.first_differing;
  append(f, {figure("repeatability", Undefined{"no replicates"}),
             figure("nrmse", relative.nrmse),
             figure("psnr", relative.psnr, "dB"),
             figure("ssim", structural_similarity(reference, test)),
             figure("max_ulp", max_ulp_distance(reference, test)),
             {"differing", error.differing, ""}});
  if (first >= 0)
    f.push_back(
        {"first_differing",
         Json::array({first % shape.x, first / shape.x % shape.y, first / (shape.x * shape.y)}),
         ""});
  else
    f.push_back({"first_differing", nullptr, "all are equal", false});
  return f;
}

Figures mask_figures(const Image& reference, const Image& test, const MetricOptions& options) {
  Figures f = overlap_figures(confusion(reference, test), reference.shape(), options);
  append(f, boundary_figures(reference, test, options));
  return f;
}

Figures label_figures(const Image& reference, const Image& test, const MetricOptions& options) {
  const LabelOverlap overlap = label_overlap(reference, test);
  Figures f = overlap_figures(confusion(overlap), reference.shape(), options);
  const VariationOfInformation vi = variation_of_information(overlap);
  append(f, {{"labels_reference", overlap.reference_labels(), ""},
             {"labels_test", overlap.test_labels(), ""},
             {"partition_equal", partition_equal(overlap), ""},
             figure("sparse_jaccard", sparse_jaccard(overlap)),
             figure("sparse_jaccard_reverse", sparse_jaccard(reversed(overlap))),
             figure("seg", seg(overlap)),
             figure("variation_of_information", vi.sum),
             figure("variation_of_information_split", vi.split),
             figure("variation_of_information_merge", vi.merge),
             figure("adjusted_rand", adjusted_rand(overlap))});
  append(f, object_figures(overlap, options.iou));
  append(f, boundary_figures(reference, test, options));
  return f;
}

Figures measurement_figures(std::span<const double> reference, std::span<const double> test,
                            std::span<const double> reference_again,
                            std::span<const double> test_again, const std::string& unit,
                            const MetricOptions& options) {
  const PairedAgreement agreement = paired_agreement(reference, test, options.paired);
  Figures f = paired_figures(agreement, unit, options.paired);
  if (reference_again.empty() && test_again.empty()) {
    f.push_back(figure("repeatability", Undefined{"no replicates"}));
  } else {
    const auto of = [&](std::span<const double> first, std::span<const double> again) {
      return again.empty() ? Value(Undefined{"no replicates"}) : repeatability(first, again);
    };
    f.push_back(figure("repeatability.reference", of(reference, reference_again)));
    f.push_back(figure("repeatability.test", of(test, test_again)));
  }
  const auto [least, most] = std::minmax_element(reference.begin(), reference.end());
  const RelativeError relative = relative_error(agreement.rmse, {*least, *most, 0});
  f.push_back(figure("nrmse", relative.nrmse));
  return f;
}

Json to_json(const Figures& figures) {
  Json object = Json::object(), reasons = Json::object();
  for (const Figure& f : figures) {
    Json* place = &object;
    for (const auto& part : split(f.key, '.')) place = &(*place)[part];
    *place = f.value;
    if (!f.reason.empty()) reasons[f.key] = f.reason;
  }
  object["reasons"] = reasons;
  return object;
}

std::string to_text(const Figures& figures) {
  const auto shown = [](const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_array() && value.size() == 3 && value[2].is_number_float())  // a match
      return value[0].dump() + ":" + value[1].dump();
    return value.is_number_float() ? rounded(value.get<double>(), 7) : value.dump();
  };
  std::size_t longest = 0;
  for (const Figure& f : figures)
    if (!f.value.is_null()) longest = std::max(longest, f.key.size());
  std::string text;
  std::vector<std::pair<std::string, std::vector<std::string>>> undefined;  // reason, keys
  for (const Figure& f : figures) {
    if (f.value.is_null()) {
      const auto same = std::find_if(undefined.begin(), undefined.end(),
                                     [&](const auto& entry) { return entry.first == f.reason; });
      if (same == undefined.end())
        undefined.push_back({f.reason, {f.key}});
      else
        same->second.push_back(f.key);
      continue;
    }
    std::string value;
    if (f.value.is_array()) {
      constexpr std::size_t most = 12;
      std::vector<std::string> parts;
      for (std::size_t i = 0; i < std::min(most, f.value.size()); ++i)
        parts.push_back(f.value[i].is_null() ? "undefined" : shown(f.value[i]));
      value = parts.empty() ? "none" : join(parts, ", ");
      if (f.value.size() > most) value += ", … (" + std::to_string(f.value.size()) + ")";
    } else {
      value = shown(f.value);
    }
    if (!f.unit.empty()) value += " " + f.unit;
    text += f.key + std::string(longest + 2 - f.key.size(), ' ') + value + "\n";
  }
  for (const auto& [reason, keys] : undefined)
    text += "undefined (" + reason + "): " + join(keys, ", ") + "\n";
  return text;
}

std::string to_csv(const std::vector<NamedFigures>& rows) {
  const auto cell = [](const Json& value) {
    if (value.is_null()) return std::string();
    return value.is_string() ? csv_cell(no_formula(value.get<std::string>()))
                             : csv_cell(value.dump());
  };
  std::vector<std::string> header;
  std::map<std::string, std::size_t> column_of;
  std::vector<std::map<std::size_t, std::string>> lines;
  for (const auto& [name, figures] : rows) {
    auto& line = lines.emplace_back();
    const auto put = [&](const std::string& key, const Json& value) {
      const auto [place, fresh] = column_of.emplace(key, header.size());
      if (fresh) header.push_back(cell(key));
      line[place->second] = cell(value);
    };
    put("name", name);
    for (const Figure& f : figures) {
      if (f.key.ends_with("_ci")) {
        put(f.key + ".lower", f.value.is_array() ? f.value[0] : Json());
        put(f.key + ".upper", f.value.is_array() ? f.value[1] : Json());
      } else {
        put(f.key, f.value);
      }
    }
  }
  std::string text = join(header, ",") + "\n";
  for (auto& line : lines) {
    for (std::size_t i = 0; i < header.size(); ++i) text += (i ? "," : "") + line[i];
    text += "\n";
  }
  return text;
}

}  // namespace voxelmark
