#include "bench/merged_runs.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/statistics.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;

/// A case's entry with our figures, in each document, by its name.
using Entries = std::map<std::string, const json*>;

Entries entries_of(const json& document) {
  Entries entries;
  for (const json& entry : document.at("benchmarks"))
    if (entry.contains("voxelmark")) entries[entry.at("run_name")] = &entry;
  return entries;
}

std::string outcome_of(const json& entry) { return entry.at("voxelmark").at("outcome"); }

std::vector<double> values(const std::vector<const json*>& entries, const std::string& key) {
  std::vector<double> found;
  for (const json* entry : entries)
    if (entry->contains(key)) found.push_back(entry->at(key));
  return found;
}

/// Mean, median, standard deviation or coefficient of variation, as Google Benchmark names them.
double statistic(const std::string& name, const std::vector<double>& samples) {
  if (name == "median") return median(samples);
  const double centre = mean(samples), spread = standard_deviation(samples);
  return name == "mean" ? centre : name == "stddev" ? spread : centre > 0 ? spread / centre : 0;
}

using Keys = std::vector<std::string>;

bool is_one_of(const Keys& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// Figures over processes: times and rates are medians, and a result is as far from the reference
/// as in its worst process.
void set_figures(json& entry, const std::vector<const json*>& runs) {
  static const Keys kept{"family_index", "per_family_instance_index", "repetitions", "threads",
                         "iterations"},
      greatest{"max_abs_error", "differing_voxels", "rmse", "limit_of_agreement_upper"},
      least{"limit_of_agreement_lower", "pearson_r", "dice", "jaccard", "sparse_jaccard",
            "sparse_jaccard_reverse"};
  for (auto& [key, value] : entry.items()) {
    if (!value.is_number() || is_one_of(kept, key)) continue;
    const auto all = values(runs, key);
    value = is_one_of(greatest, key) ? *std::max_element(all.begin(), all.end())
            : is_one_of(least, key)  ? *std::min_element(all.begin(), all.end())
                                     : median(all);
  }
  const Interval interval = median_interval(values(runs, "median_ms"));
  entry["median_ci_lower_ms"] = interval.lower;
  entry["median_ci_upper_ms"] = interval.upper;
  entry["samples"] = static_cast<double>(runs.size());
  json& own = entry["voxelmark"];
  own["stopped_by"] = std::to_string(runs.size()) + " fresh processes";
  std::set<std::string> throttled;
  for (const char* mark : {"clock_drifted", "background_load"})
    own[mark] = std::any_of(runs.begin(), runs.end(), [&](const json* run) {
      return run->at("voxelmark").value(mark, false);
    });
  for (const json* run : runs)
    for (const json& reason : run->at("voxelmark").value("throttled", json::array()))
      throttled.insert(reason);
  if (!throttled.empty()) own["throttled"] = throttled;
  own["device_ms"] = values(runs, "device_ms");
  own["process_min_ms"] = values(runs, "min_ms");
}

/// What stands in place of an entry of the first document: a first sample becomes one per process.
void add_merged(json& rows, json entry, const std::vector<const json*>& runs) {
  const auto wall = values(runs, "median_ms"), cpu = values(runs, "cpu_time");
  entry["repetitions"] = runs.size();
  if (entry.at("run_type") == "iteration") {
    if (entry.at("repetition_index") != 0) return;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      entry["repetition_index"] = i;
      entry["real_time"] = wall[i];
      entry["cpu_time"] = cpu[i];
      rows.push_back(entry);
    }
    return;
  }
  entry["iterations"] = runs.size();
  if (entry.contains("voxelmark")) set_figures(entry, runs);
  entry["real_time"] = statistic(entry.at("aggregate_name"), wall);
  entry["cpu_time"] = statistic(entry.at("aggregate_name"), cpu);
  rows.push_back(std::move(entry));
}

}  // namespace

json merged_runs(const std::vector<json>& documents, const std::vector<std::string>& command,
                 bool incomplete) {
  json merged = documents.front();
  json& own = merged["context"]["voxelmark"];
  own["runs"] = documents.size();
  own["command"] = command;
  own["incomplete"] = incomplete;
  std::vector<Entries> all;
  for (const json& document : documents) all.push_back(entries_of(document));
  json rows = json::array();
  for (const json& entry : documents.front().at("benchmarks")) {
    std::vector<const json*> runs;
    for (const Entries& entries : all)
      if (const auto found = entries.find(entry.at("run_name")); found != entries.end())
        runs.push_back(found->second);
    const auto with = [&](const char* outcome) {
      return std::find_if(runs.begin(), runs.end(),
                          [&](const json* run) { return outcome_of(*run) == outcome; });
    };
    const auto failed = with("failed"), without = failed != runs.end() ? failed : with("skipped");
    if (without == runs.end())
      add_merged(rows, entry, runs);
    else if (entry.contains("voxelmark"))
      rows.push_back(**without);
  }
  merged["benchmarks"] = std::move(rows);
  return merged;
}

std::string merged_table(const json& document) {
  std::map<std::string, std::vector<double>> wall;
  for (const json& entry : document.at("benchmarks"))
    if (entry.at("run_type") == "iteration")
      wall[entry.at("run_name")].push_back(entry.at("real_time"));
  std::string text;
  for (const json& entry : document.at("benchmarks")) {
    if (!entry.contains("voxelmark")) continue;
    const std::string name = entry.at("run_name");
    const json& own = entry.at("voxelmark");
    text += name + "\n    ";
    if (outcome_of(entry) != "done") {
      text += outcome_of(entry) + ": " + own.at("reason").get<std::string>() + "\n";
      continue;
    }
    const auto ms = [](double value) { return significant(value, 4); };
    const auto [least, most] = std::minmax_element(wall[name].begin(), wall[name].end());
    text += "median " + ms(entry.at("median_ms")) + " ms, ";
    // Fewer values have no 95 % interval of their median.
    if (wall[name].size() >= 6)
      text += "95 % CI " + ms(entry.at("median_ci_lower_ms")) + " to " +
              ms(entry.at("median_ci_upper_ms")) + " ms, ";
    text += "processes " + ms(*least) + " to " + ms(*most) + " ms\n";
  }
  return text;
}

}  // namespace voxelmark
