#include "reports/results.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <set>
#include <unordered_map>

#include "engines/core/error.hpp"
#include "engines/core/result_schema.hpp"
#include "engines/core/text.hpp"

namespace voxelmark::report {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// What Google Benchmark writes into every row, which is no figure of ours.
const std::set<std::string, std::less<>> library_keys{
    "cpu_time",  "family_index", "iterations",       "per_family_instance_index",
    "real_time", "repetitions",  "repetition_index", "threads"};

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw BadInput(path.string() + ": " + why);
}

double factor_to_ms(const std::string& unit) {
  return unit == "ns" ? 1e-6 : unit == "us" ? 1e-3 : unit == "s" ? 1e3 : 1;
}

/// Gathers rows while the file is parsed, so that no more than one entry of it is held.
class Collector {
 public:
  explicit Collector(ResultFile& file) : file_(file) {}

  void take(const json& entry) {
    if (!entry.is_object() || !entry.contains("run_name"))
      throw std::invalid_argument("an entry of \"benchmarks\" has no \"run_name\"");
    const std::string name = entry.at("run_name");
    const bool sample = entry.value("run_type", "") == "iteration" && !entry.contains("voxelmark");
    if (sample) {
      const double time =
          entry.at("real_time").get<double>() * factor_to_ms(entry.value("time_unit", "ns"));
      samples_[name].push_back(time);
    } else if (entry.contains("voxelmark")) {
      add_row(name, entry);
    }
  }

  void finish() {
    for (Row& row : file_.rows)
      if (const auto found = samples_.find(row.name); found != samples_.end())
        row.samples_ms = std::move(found->second);
  }

 private:
  void add_row(const std::string& name, const json& entry) {
    if (!names_.insert(name).second)
      throw std::invalid_argument("the case " + name + " stands there twice");
    Row row;
    row.name = name;
    row.details = entry.at("voxelmark");
    const json& d = row.details;
    row.task = d.at("task");
    row.kind = d.at("kind");
    row.operation = d.at("operation");
    row.engine = d.at("engine");
    row.device = d.at("device");
    row.device_id = d.at("device_id");
    row.dtype = d.at("dtype");
    row.parameters = d.at("parameters");
    row.size = d.at("size");
    row.threads = d.at("threads");
    const std::string outcome = d.at("outcome");
    if (outcome == "done") {
      row.is_reference = d.at("is_reference");
      row.checked = d.at("check") != "none";
      for (const auto& [key, value] : entry.items())
        if (value.is_number() && !library_keys.contains(key)) row.figures[key] = value;
      if (!row.figures.contains("median_ms"))
        throw std::invalid_argument("the case " + name + " has no median_ms");
    } else {
      if (outcome != "skipped" && outcome != "failed")
        throw std::invalid_argument("the case " + name + " has the unknown outcome " + outcome);
      row.outcome = outcome == "skipped" ? Outcome::skipped : Outcome::failed;
      row.reason = d.at("reason");
    }
    file_.rows.push_back(std::move(row));
  }

  ResultFile& file_;
  std::set<std::string> names_;
  std::unordered_map<std::string, std::vector<double>> samples_;
};

Device read_device(const json& d) {
  Device device{d.at("id"),
                d.value("name", ""),
                d.value("type", ""),
                d.value("driver", ""),
                d.value("platform", ""),
                {}};
  if (d.contains("limits")) d.at("limits").get_to(device.limits);
  return device;
}

void read_context(ResultFile& file, json context) {
  file.date = context.value("date", "");
  file.host = context.value("host_name", "");
  const json& own = context.at("voxelmark");
  file.version = own.at("version");
  file.git_revision = own.at("git_revision");
  file.compiler = own.at("compiler");
  file.flags = own.at("flags");
  file.command = own.at("command");
  file.incomplete = own.at("incomplete");
  file.cpu = own.at("cpu");
  file.cpu_threads = own.at("cpu_threads");
  file.runs = own.at("runs");
  for (const json& device : own.at("devices")) file.devices.push_back(read_device(device));
  if (own.contains("pictures")) own.at("pictures").get_to(file.pictures);
  context["voxelmark"].erase("pictures");
  file.context = std::move(context);
}

/// "line 3, column 7", and no more of the library's words.
std::string place_of(const json::parse_error& error) {
  const std::string text = error.what();
  const auto start = text.find("line "), end = text.find(':', start);
  return start == std::string::npos ? "byte " + std::to_string(error.byte)
                                    : text.substr(start, end - start);
}

}  // namespace

std::string to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::skipped:
      return "skipped";
    case Outcome::failed:
      return "failed";
  }
  throw std::logic_error("no such Outcome");
}

std::optional<double> Row::figure(std::string_view key) const {
  const auto found = figures.find(key);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> compute_ms(const Row& row) { return row.figure("median_ms"); }

std::optional<double> with_transfers_ms(const Row& row) {
  const auto compute = compute_ms(row);
  if (!compute) return std::nullopt;
  return row.figure("push_ms").value_or(0) + *compute + row.figure("pull_ms").value_or(0);
}

std::optional<double> first_call_ms(const Row& row) {
  const auto later = with_transfers_ms(row), prepare = row.figure("prepare_ms");
  if (!later || !prepare) return std::nullopt;
  return *prepare + *later;
}

std::string ResultFile::machine() const {
  std::vector<std::string> parts{cpu + ", " + std::to_string(cpu_threads) + " threads"};
  for (const Device& device : devices)
    if (!device.name.empty())
      parts.push_back(device.id + " (" + device.name + ", " + device.driver + ")");
  std::sort(parts.begin() + 1, parts.end());
  parts.erase(std::unique(parts.begin() + 1, parts.end()), parts.end());
  return join(parts, "; ");
}

ResultFile read_results(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) refuse(path, "does not exist");
  if (fs::is_directory(path, error)) refuse(path, "is a folder; name a result file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(path.c_str(), "rb"),
                                                               std::fclose);
  if (!stream) refuse(path, "cannot be read");
  ResultFile file;
  file.path = path;
  Collector rows(file);
  std::string top_key;
  const auto consume = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1) top_key = parsed.get<std::string>();
    if (event != json::parse_event_t::object_end || depth != 2 || top_key != "benchmarks")
      return true;
    rows.take(parsed);
    return false;
  };
  try {
    json document = json::parse(stream.get(), consume);
    const bool ours = document.is_object() && document.contains("context") &&
                      document["context"].is_object() &&
                      document["context"].contains("voxelmark") && document.contains("benchmarks");
    if (!ours) refuse(path, "is JSON, but no result file of bench; `bench --json FILE` writes one");
    const int version = document["context"]["voxelmark"].value("schema_version", 0);
    if (version != result_schema_version)
      refuse(path, "has version " + std::to_string(version) +
                       " of the result file's schema; this program reads version " +
                       std::to_string(result_schema_version) +
                       " (measure again, or use the program that wrote it)");
    read_context(file, std::move(document["context"]));
  } catch (const json::parse_error& fault) {
    const bool cut = std::feof(stream.get()) != 0;  // also within a string or a word
    refuse(path, (cut ? "ends too early, at " : "is not JSON: ") + place_of(fault));
  } catch (const json::exception& fault) {
    refuse(path, std::string("is no result file that this program knows: ") + fault.what());
  } catch (const std::invalid_argument& fault) {
    refuse(path, fault.what());
  }
  rows.finish();
  if (file.rows.empty()) refuse(path, "has no rows: nothing was measured");
  return file;
}

std::vector<ResultFile> read_all(const std::vector<std::string>& paths) {
  std::vector<ResultFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(read_results(path));
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.path().extension() == ".json") inside.push_back(entry.path());
    if (inside.empty()) throw BadInput(path + " holds no result file (*.json)");
    std::sort(inside.begin(), inside.end());
    for (const auto& file : inside) files.push_back(read_results(file));
  }
  return files;
}

}  // namespace voxelmark::report
