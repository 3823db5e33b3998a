#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "reports/exports.hpp"
#include "reports/json_fields.hpp"

namespace voxelmark::report {

namespace {

using Json = nlohmann::ordered_json;

std::string percent(char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'%', digits[byte / 16], digits[byte % 16]};
}

/// Done rows of all files, each case once and all from one machine, and how many others there are.
std::pair<std::vector<const Row*>, std::size_t> comparable_rows(
    const std::vector<ResultFile>& files) {
  std::map<std::string_view, const ResultFile*> seen;
  std::vector<const Row*> rows;
  std::size_t left_out = 0;
  for (const ResultFile& file : files) {
    if (file.machine() != files[0].machine())
      throw BadInput(files[0].path.string() + " and " + file.path.string() +
                     " are of different machines; export one at a time");
    for (const Row& row : file.rows) {
      const auto [place, fresh] = seen.emplace(row.name, &file);
      if (!fresh)
        throw BadInput("the case " + shown(row.name) + " is in " + place->second->path.string() +
                       " and in " + file.path.string() + "; export one at a time");
      if (row.outcome == Outcome::done)
        rows.push_back(&row);
      else
        ++left_out;
    }
  }
  if (rows.empty()) throw BadInput("no case has a result: there is nothing to export");
  return {rows, left_out};
}

/// Readers insist on the key.
Json caches(const ResultFile& file) {
  const auto found = file.context.find("caches");
  const bool good =
      found != file.context.end() && found->is_array() &&
      std::all_of(found->begin(), found->end(), [](const auto& c) { return c.is_object(); });
  return good ? Json(*found) : Json::array();
}

template <class AnyJson>
std::string text_of(const AnyJson& document) {
  return document.dump(1) + "\n";
}

}  // namespace

std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    const bool keep = std::isalnum(static_cast<unsigned char>(c)) ||
                      std::string_view("_./:#+-").find(c) != std::string_view::npos;
    plain += keep ? std::string(1, c) : percent(c);
  }
  for (const std::string_view ending :
       {"_mean", "_median", "_stddev", "_cv", "_min", "_max", "_BigO", "_RMS", "-bencher-ignore"})
    if (plain.ends_with(ending)) {
      const std::size_t place = plain.size() - ending.size();
      return plain.replace(place, 1, percent(ending[0]));
    }
  return plain;
}

Exported to_google_benchmark(const std::vector<ResultFile>& files) {
  const auto [rows, left_out] = comparable_rows(files);
  Json context = files[0].context;
  context.erase("voxelmark");
  context["caches"] = caches(files[0]);
  Json benchmarks = Json::array();
  for (const Row* row : rows) {
    const std::string name = plain_name(row->name);
    Json entry{{"name", name},
               {"family_index", benchmarks.size()},
               {"per_family_instance_index", 0},
               {"run_name", name},
               {"run_type", "iteration"},
               {"repetitions", 1},
               {"repetition_index", 0},
               {"threads", 1},
               {"iterations", row->samples_ms.size()},
               {"real_time", compute_ms(*row).value()},
               {"cpu_time", row->cpu_ms},
               {"time_unit", "ms"}};
    for (const auto& [key, value] : row->figures) entry[key] = value;
    benchmarks.push_back(std::move(entry));
  }
  const Json document{{"context", std::move(context)}, {"benchmarks", std::move(benchmarks)}};
  return {text_of(document), left_out};
}

Exported to_github_action_benchmark(const std::vector<ResultFile>& files) {
  const auto [rows, left_out] = comparable_rows(files);
  Json entries = Json::array();
  for (const Row* row : rows) {
    Json entry{
        {"name", plain_name(row->name)}, {"unit", "ms"}, {"value", compute_ms(*row).value()}};
    const auto lower = row->figure("median_ci_lower_ms"), upper = row->figure("median_ci_upper_ms");
    std::string extra = std::to_string(row->samples_ms.size()) + " samples";
    if (lower && upper) {
      // The action's pattern for the number wants two characters or more.
      const std::string half = shortest((*upper - *lower) / 2);
      entry["range"] = "± " + half + (half.size() < 2 ? ".0" : "");
      extra +=
          "\n95 % interval of the median: " + shortest(*lower) + " to " + shortest(*upper) + " ms";
    }
    entry["extra"] = extra + "\n" + row->device;
    entries.push_back(std::move(entry));
  }
  return {text_of(entries), left_out};
}

Exported to_bencher(const std::vector<ResultFile>& files) {
  constexpr std::size_t longest = 1024;  // of a benchmark's name
  const auto [rows, left_out] = comparable_rows(files);
  nlohmann::json document = nlohmann::json::object();  // sorted, so that 50,000 names take no time
  for (const Row* row : rows) {
    const std::string name = plain_name(row->name);
    if (name.size() > longest)
      throw BadInput("the case " + shown(row->name) + " has a name of " +
                     std::to_string(name.size()) + " characters; Bencher takes " +
                     std::to_string(longest));
    nlohmann::json measures{{"latency", {{"value", 1e6 * compute_ms(*row).value()}}}};
    if (const auto lower = row->figure("median_ci_lower_ms"))
      measures["latency"]["lower_value"] = 1e6 * *lower;
    if (const auto upper = row->figure("median_ci_upper_ms"))
      measures["latency"]["upper_value"] = 1e6 * *upper;
    if (const auto ms = row->figure("throughput_ms"); ms && *ms > 0)
      measures["throughput"]["value"] = 1e3 / *ms;
    document[name] = std::move(measures);
  }
  return {text_of(document), left_out};
}

}  // namespace voxelmark::report
