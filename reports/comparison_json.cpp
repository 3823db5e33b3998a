#include "reports/comparison_output.hpp"

namespace voxelmark::report {

namespace {

using Json = nlohmann::ordered_json;

constexpr int comparison_schema_version = 1;

Json json_of(const SideSummary& side) {
  return {{"files", side.files},
          {"revisions", side.revisions},
          {"dates", side.dates},
          {"versions", side.versions},
          {"machines", side.machines},
          {"fewest_processes", side.fewest_processes},
          {"most_processes", side.most_processes},
          {"incomplete", side.incomplete}};
}

Json json_of(const SideTimes& side) {
  return {{"processes", side.processes},
          {"median_ms", side.typical_ms},
          {"quick_ms", side.quick_ms},
          {"values_ms", side.values}};
}

Json json_of(const CaseComparison& c) {
  Json object{
      {"name", c.name},      {"operation", c.row->operation},   {"device_id", c.row->device_id},
      {"kind", c.row->kind}, {"verdict", to_string(c.verdict)}, {"alarm", c.alarm},
      {"reasons", c.reasons}};
  if (!c.times) return object;
  const TimeComparison& t = *c.times;
  object.update(Json{{"ratio", t.ratio},
                     {"ratio_lower", t.interval.lower},
                     {"ratio_upper", t.interval.upper},
                     {"ratio_95_lower", t.interval_95.lower},
                     {"ratio_95_upper", t.interval_95.upper},
                     {"ratio_of_medians", t.ratio_of_medians},
                     {"noise_floor", t.noise_floor},
                     {"few_processes", t.few_processes},
                     {"of_medians", t.of_medians}});
  if (t.p) object["p"] = *t.p;
  if (t.q) object["q"] = *t.q;
  object["base"] = json_of(t.base);
  object["new"] = json_of(t.now);
  return object;
}

}  // namespace

std::string json_text(const Comparison& comparison) {
  Json counts = Json::object();
  for (const Verdict verdict : all_verdicts) {
    const auto found = comparison.counts.find(verdict);
    counts[to_string(verdict)] = found == comparison.counts.end() ? 0 : found->second;
  }
  Json document{{"schema_version", comparison_schema_version},
                {"alarms", comparison.alarms},
                {"counts", counts},
                {"max_slowdown", comparison.rule.max_slowdown},
                {"allow_gone", comparison.rule.allow_gone},
                {"across_machines", comparison.rule.across_machines},
                {"base", json_of(comparison.base)},
                {"new", json_of(comparison.now)},
                {"remarks", remarks(comparison)},
                {"cases", Json::array()}};
  for (const CaseComparison& c : comparison.cases) document["cases"].push_back(json_of(c));
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace voxelmark::report
