#include "reports/results.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engines/core/error.hpp"
#include "engines/core/result_schema.hpp"
#include "engines/core/text.hpp"
#include "reports/json_fields.hpp"

namespace voxelmark::report {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// What Google Benchmark writes into every entry, and nobody reads here.
const std::set<std::string, std::less<>> unread_keys{"aggregate_name", "aggregate_unit",
                                                     "family_index",   "iterations",
                                                     "label",          "name",
                                                     "repetitions",    "repetition_index",
                                                     "threads",        "per_family_instance_index"};
/// What is read, and no figure of ours.
const std::set<std::string, std::less<>> library_keys{"cpu_time", "real_time", "run_name",
                                                      "run_type", "time_unit", "voxelmark"};

constexpr std::int64_t many = 1'000'000'000;

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw BadInput(shown(path.string()) + ": " + why);
}

double factor_to_ms(const Fields& entry) {
  const std::string unit = entry.text_or("time_unit", "ns");
  for (const auto& [name, factor] : {std::pair("ns", 1e-6), {"us", 1e-3}, {"ms", 1.0}, {"s", 1e3}})
    if (unit == name) return factor;
  entry.fail("time_unit", "is none of ns, us, ms, s");
}

/// Lowest and highest, as of an axis.
void check_range(const Fields& d, const char* key) {
  const std::vector<double> range = d.numbers(key);
  if (range.size() != 2 || !(range[0] <= range[1])) d.fail(key, "is no pair of low and high");
}

void check_pictures(const Fields& d) {
  for (const char* key : {"input", "expected", "result"}) d.text(key);
  d.text_or("difference", "");
  for (const char* key : {"slice", "x", "y"}) d.integer(key, 0, many);
  for (const char* key : {"width", "height"}) d.integer(key, 1, many);
  check_range(d, "input_levels");
  check_range(d, "levels");
  d.number("difference_scale");
}

/// Pairs of a cell's index and what it counts.
void check_histogram(const Fields& d, const char* key, std::int64_t cells) {
  const std::vector<double> list = d.numbers(key);
  bool good = list.size() % 2 == 0;
  for (std::size_t i = 0; good && i < list.size(); i += 2)
    good = list[i] >= 0 && list[i] < double(cells) && list[i] == std::floor(list[i]) &&
           list[i + 1] >= 0;
  if (!good) d.fail(key, "is no list of cells and their counts");
}

void check_pairs(const Fields& d) {
  d.integer("n", 0, std::int64_t(1e18));
  const std::int64_t cells = d.integer("columns", 1, 10'000) * d.integer("rows", 1, 10'000);
  for (const char* key : {"reference", "result", "mean", "difference"}) check_range(d, key);
  check_histogram(d, "scatter", cells);
  check_histogram(d, "bland_altman", cells);
}

std::optional<double> number_if_there(const Fields& d, const char* key) {
  return d.has(key) ? std::optional(d.number(key)) : std::nullopt;
}

SeamErrors read_errors(const Fields& d) {
  constexpr auto most = std::int64_t(1e18);
  SeamErrors errors;
  errors.voxels = d.integer("voxels", 0, most);
  errors.differing = d.integer("differing", 0, most);
  errors.largest = number_if_there(d, "largest");
  errors.sum = number_if_there(d, "sum");
  double near = 0;
  for (const json& one : d.list("by_distance")) {
    const Fields at(one, "an entry of \"by_distance\"");
    near += double(at.integer("voxels", 0, most));
    const bool equal = at.integer("differing", 0, most) == 0;
    errors.by_distance.push_back(equal ? std::optional(0.0) : number_if_there(at, "largest"));
  }
  errors.beyond = near < double(errors.voxels);
  return errors;
}

Tiling read_tiling(const Fields& d) {
  Tiling tiling{d.extents("tile", 1), d.extents("overlap", 0), d.extents("needed_overlap", 0)};
  tiling.tiles = d.integer("tiles", 1, std::int64_t(1e18));
  tiling.read_ratio = d.number("read_ratio");
  tiling.inner_read_ratio = d.number("inner_read_ratio");
  if (d.has("errors")) tiling.errors = read_errors(d.object("errors"));
  if (!d.has("picture")) return tiling;
  const Fields picture = d.object("picture");
  tiling.picture = {picture.text("name"),
                    picture.integer("slice", 0, many),
                    picture.integer("width", 1, many),
                    picture.integer("height", 1, many),
                    picture.integer("block", 1, many),
                    picture.number("largest")};
  return tiling;
}

/// Gathers rows while the file is parsed, so that no more than one entry of it is held.
class Collector {
 public:
  explicit Collector(ResultFile& file) : file_(file) {}

  /// What is wrong is kept for finish(): in a file of another version, all may be.
  void take(json& entry) {
    if (!fault_.empty()) return;
    try {
      read_entry(entry);
    } catch (const std::invalid_argument& fault) {
      fault_ = fault.what();
    }
  }

  void finish() {
    if (!fault_.empty()) throw std::invalid_argument(fault_);
    for (Row& row : file_.rows) {
      if (const auto found = samples_.find(row.name); found != samples_.end()) {
        row.samples_ms = std::move(found->second);
        samples_.erase(found);
      }
      if (row.outcome == Outcome::done && row.samples_ms.empty())
        throw std::invalid_argument(case_of(row.name) + " has figures, and no samples");
    }
    if (!samples_.empty())
      throw std::invalid_argument(case_of(samples_.begin()->first) +
                                  " has samples, and no figures");
  }

 private:
  static std::string case_of(const std::string& name) { return "the case " + shown(name); }

  void read_entry(json& entry) {
    const std::string name = Fields(entry, "an entry of \"benchmarks\"").text("run_name");
    if (name.empty()) throw std::invalid_argument("a case has no name");
    const Fields fields(entry, case_of(name));
    if (fields.has("voxelmark"))
      add_row(name, fields, entry);
    else if (fields.text_or("run_type", "") == "iteration")
      samples_[name].push_back(positive(fields, "real_time") * factor_to_ms(fields));
  }

  static double positive(const Fields& fields, const char* key) {
    const double value = fields.number(key);
    if (!(value > 0)) fields.fail(key, "is no time above 0");
    return value;
  }

  void add_row(const std::string& name, const Fields& fields, json& entry) {
    if (!names_.insert(name).second)
      throw std::invalid_argument(case_of(name) + " stands there twice");
    const Fields d = fields.object("voxelmark");
    Row row;
    row.name = name;
    row.task = d.text("task");
    row.kind = d.text("kind");
    row.operation = d.text("operation");
    row.engine = d.text("engine");
    row.device = d.text("device");
    row.device_id = d.text("device_id");
    row.dtype = d.text("dtype");
    row.parameters = d.text("parameters");
    row.size = d.extents("size", 1);
    row.threads = static_cast<int>(d.integer("threads", 0, many));
    row.is_transfer = d.has("is_transfer") && d.flag("is_transfer");
    row.disagrees = d.has("disagrees") && d.flag("disagrees");
    if (d.has("difference")) d.text("difference");
    const std::string& outcome = d.text("outcome");
    if (outcome == "done") {
      read_done(row, fields, d, entry);
      if (row.disagrees) row.reason = d.text("reason");
    } else {
      if (outcome != "skipped" && outcome != "failed")
        d.fail("outcome", "is none of done, skipped, failed");
      row.outcome = outcome == "skipped" ? Outcome::skipped : Outcome::failed;
      row.reason = d.text("reason");
    }
    if (d.has("pictures")) check_pictures(d.object("pictures"));
    if (d.has("pairs")) check_pairs(d.object("pairs"));
    if (d.has("tiling"))
      if (const Fields t = d.object("tiling"); !t.has("per_tile") && !t.has("reason"))
        row.tiling = read_tiling(t);
    row.details = std::move(entry["voxelmark"]);
    file_.rows.push_back(std::move(row));
  }

  static void read_done(Row& row, const Fields& fields, const Fields& d, const json& entry) {
    row.is_reference = d.flag("is_reference");
    row.checked = d.text("check") != "none";
    row.cpu_ms = fields.number("cpu_time") * factor_to_ms(fields);
    positive(fields, "median_ms");
    for (const auto& [key, value] : entry.items())
      if (!library_keys.contains(key)) row.figures[key] = fields.number(key.c_str());
  }

  ResultFile& file_;
  std::string fault_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::vector<double>> samples_;
};

Device read_device(const json& value) {
  const Fields d(value, "a device of \"context\"");
  Device device{d.text("id"),
                d.text_or("name", ""),
                d.text_or("type", ""),
                d.text_or("driver", ""),
                d.text_or("platform", ""),
                {}};
  if (!d.has("limits")) return device;
  const Fields limits = d.object("limits");
  for (const auto& [key, limit] : d.at("limits").items())
    device.limits[key] = limits.number(key.c_str());
  return device;
}

/// Pictures get into pages as they are.
void read_pictures(ResultFile& file, const Fields& own) {
  const Fields pictures = own.object("pictures");
  for (const auto& [key, value] : own.at("pictures").items()) {
    const std::string& text = pictures.text(key.c_str());
    const auto in_base64 = [](unsigned char c) {
      return std::isalnum(c) || c == '+' || c == '/' || c == '=';
    };
    if (!std::all_of(text.begin(), text.end(), in_base64))
      pictures.fail(key.c_str(), "is not base64");
    file.pictures[key] = text;
  }
}

void read_context(ResultFile& file, json context) {
  const Fields all(context, "\"context\"");
  file.date = all.text_or("date", "");
  file.host = all.text_or("host_name", "");
  const Fields own = all.object("voxelmark");
  file.version = own.text("version");
  file.git_revision = own.text("git_revision");
  file.compiler = own.text("compiler");
  file.flags = own.text("flags");
  file.command = own.texts("command");
  file.incomplete = own.flag("incomplete");
  file.cpu = own.text("cpu");
  file.cpu_threads = static_cast<int>(own.integer("cpu_threads", 0, many));
  file.runs = static_cast<int>(own.integer("runs", 1, many));
  for (const json& device : own.list("devices")) file.devices.push_back(read_device(device));
  if (own.has("pictures")) read_pictures(file, own);
  context["voxelmark"].erase("pictures");
  file.context = std::move(context);
}

/// The rows' pictures are there.
void require_pictures(const ResultFile& file) {
  for (const Row& row : file.rows) {
    const auto require = [&](const std::string& name, const std::string& key) {
      if (!file.pictures.contains(name))
        throw std::invalid_argument("the case " + shown(row.name) + ": its picture \"" + key +
                                    "\" is not in the file");
    };
    if (const auto found = row.details.find("pictures"); found != row.details.end())
      for (const char* key : {"input", "expected", "result", "difference"})
        if (const auto name = found->find(key); name != found->end()) require(*name, key);
    if (row.tiling && row.tiling->picture) require(row.tiling->picture->name, "tiling");
  }
}

struct NotOurs {};

/// Parses a file into `rows`. Gives what is left, the context. Throws NotOurs.
json parse(std::istream& stream, Collector& rows) {
  constexpr int deepest = 50;  // copies of JSON recurse
  std::string top_key;
  const auto consume = [&](int depth, json::parse_event_t event, json& parsed) {
    using enum json::parse_event_t;
    if (event == array_start && depth == 0) throw NotOurs();
    if ((event == array_start || event == object_start) && depth > deepest)
      throw std::invalid_argument("is nested more than " + std::to_string(deepest) + " deep");
    if (event == key && depth == 1) {
      top_key = parsed.get<std::string>();
      return top_key == "context" || top_key == "benchmarks";
    }
    if (event == key && depth == 3 && top_key == "benchmarks")
      return !unread_keys.contains(parsed.get_ref<const std::string&>());
    if (event != object_end || depth != 2 || top_key != "benchmarks") return true;
    rows.take(parsed);
    return false;
  };
  json document = json::parse(stream, consume);
  const auto part = [&](const char* name) -> const json& {
    static const json none;
    return document.is_object() && document.contains(name) ? document[name] : none;
  };
  const json& context = part("context");
  if (!context.is_object() || !context.contains("voxelmark") || !part("benchmarks").is_array())
    throw NotOurs();
  const Fields own = Fields(context, "\"context\"").object("voxelmark");
  const std::int64_t version = own.integer("schema_version", 0, many);
  if (version != result_schema_version)
    throw std::invalid_argument("has version " + std::to_string(version) +
                                " of the result file's schema; this program reads version " +
                                std::to_string(result_schema_version) +
                                " (measure again, or use the program that wrote it)");
  if (!part("benchmarks").empty())
    throw std::invalid_argument("has an entry of \"benchmarks\" that is no JSON object");
  return std::move(document["context"]);
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

std::string ResultFile::cpu_text() const {
  return cpu + ", " + counted(static_cast<std::size_t>(cpu_threads), "thread");
}

std::string ResultFile::machine() const {
  std::vector<std::string> parts{cpu_text()};
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
  std::ifstream stream(path, std::ios::binary);
  if (!stream) refuse(path, "cannot be read");
  ResultFile file;
  file.path = path;
  Collector rows(file);
  try {
    read_context(file, parse(stream, rows));
    rows.finish();
    require_pictures(file);
  } catch (const NotOurs&) {
    refuse(path, "is JSON, but no result file of bench; `bench --json FILE` writes one");
  } catch (const json::parse_error& fault) {
    const bool cut = stream.eof();  // also within a string or a word
    refuse(path, (cut ? "ends too early, at " : "is not JSON: ") + place_of(fault));
  } catch (const json::out_of_range&) {
    refuse(path, "holds a number that is too large for double precision");
  } catch (const std::invalid_argument& fault) {
    refuse(path, fault.what());
  }
  if (file.rows.empty()) refuse(path, "has no rows: nothing was measured");
  return file;
}

std::vector<fs::path> result_paths(const std::vector<std::string>& names) {
  std::vector<fs::path> paths;
  for (const std::string& name : names) {
    std::error_code error;
    if (!fs::is_directory(name, error)) {
      paths.emplace_back(name);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(name))
      if (entry.path().extension() == ".json") inside.push_back(entry.path());
    if (inside.empty()) throw BadInput(name + " holds no result file (*.json)");
    std::sort(inside.begin(), inside.end());
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return paths;
}

std::vector<ResultFile> read_all(const std::vector<std::string>& names) {
  std::vector<ResultFile> files;
  for (const fs::path& path : result_paths(names)) files.push_back(read_results(path));
  return files;
}

}  // namespace voxelmark::report
