#include "validate/program.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "build_info.hpp"
#include "datasets/csv.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"
#include "validate/aggregate.hpp"
#include "validate/command_line.hpp"
#include "validate/method_plots.hpp"

namespace voxelmark {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// What came of a command: one result, or one a file with what they add up to.
struct Report {
  std::vector<NamedFigures> results;
  bool folders = false;
  std::vector<NamedAggregate> aggregates;
  std::vector<std::string> unmatched_reference, unmatched_test;
};

/// Tries what the options name, before minutes are spent on results that cannot be written.
void require_outputs(const ValidateOptions& o) {
  require_writable(o.outputs, o.files);
  if (o.settings.plots.empty()) return;
  std::error_code error;
  fs::create_directories(o.settings.plots, error);
  if (error) throw BadInput("cannot make the folder " + o.settings.plots + ": " + error.message());
  require_writable(fs::path(o.settings.plots) / "plot.svg");
}

/// The folder's TIFF files by name without its ending.
std::map<std::string, fs::path> images_in(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::string ending = entry.path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!entry.is_regular_file() || (ending != ".tif" && ending != ".tiff")) continue;
    const auto [place, fresh] = files.emplace(entry.path().stem().string(), entry.path());
    if (!fresh)
      throw BadInput(entry.path().string() + " and " + place->second.string() +
                     " have one name but for the ending; keep one of them");
  }
  return files;
}

Report compare_folders(const ValidateOptions& o) {
  const auto reference = images_in(o.files[0]), test = images_in(o.files[1]);
  Report report;
  report.folders = true;
  for (const auto& [name, path] : test)
    if (!reference.contains(name)) report.unmatched_test.push_back(path.filename().string());
  std::vector<Figures> all;
  for (const auto& [name, path] : reference) {
    const auto partner = test.find(name);
    if (partner == test.end()) {
      report.unmatched_reference.push_back(path.filename().string());
      continue;
    }
    report.results.push_back({name, compare_files(path, partner->second, o.settings, name + "_")});
    all.push_back(report.results.back().figures);
  }
  for (const auto& [files, folder] :
       {std::pair{&reference, o.files[0]}, std::pair{&test, o.files[1]}})
    if (files->empty()) throw BadInput(folder + " holds no TIFF file (.tif, .tiff)");
  if (all.empty())
    throw BadInput("no TIFF file of " + o.files[0] + " has the name of one in " + o.files[1]);
  report.aggregates = aggregate_all(all, o.seed);
  return report;
}

Report compare_pair(const ValidateOptions& o) {
  for (const std::string& file : o.files)
    if (!fs::exists(file)) throw BadInput("'" + file + "' does not exist");
  const bool first = fs::is_directory(o.files[0]), second = fs::is_directory(o.files[1]);
  if (first != second)
    throw BadInput("one of " + o.files[0] + " and " + o.files[1] +
                   " is a folder and the other is not; name two files or two folders");
  if (first) return compare_folders(o);
  Report report;
  report.results.push_back({"", compare_files(o.files[0], o.files[1], o.settings)});
  return report;
}

void require_varying(const std::vector<double>& values, const std::string& column) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  constexpr double largest = 1e150;
  if (*least < -largest || *most > largest)
    throw BadInput(
        "column '" + column +
        "' has numbers beyond 1e150, whose squares cannot be summed up; scale the column");
  if (*least == *most)
    throw BadInput("column '" + column + "' is constant (" + shortest(*least) +
                   "): agreement needs measurements that vary");
}

/// Rows of `table` by what stands in the key column.
std::map<std::string, std::size_t> rows_by_key(const CsvTable& table, const std::string& column) {
  std::map<std::string, std::size_t> rows;
  const auto keys = texts(table, column);
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!rows.emplace(keys[i], i).second)
      throw BadInput(table.name + ": line " + std::to_string(table.lines[i]) + ": '" + keys[i] +
                     "' occurs more than once in the key column '" + column + "'");
  return rows;
}

/// The sides of the pairs, and where asked for second readings of each; otherwise those are empty.
struct Measurements {
  std::vector<double> reference, test, reference_again, test_again;
};

/// Nothing where the column has no name.
std::vector<double> column(const CsvTable& table, const std::string& name) {
  return name.empty() ? std::vector<double>() : numbers(table, name);
}

Measurements measurements_of(const CsvTable& reference, const CsvTable& test,
                             const ValidateOptions& o) {
  Measurements m;
  m.reference = column(reference, o.reference_column);
  m.reference_again = column(reference, o.reference_again);
  m.test = column(test, o.test_column);
  m.test_again = column(test, o.test_again);
  return m;
}

/// The rows of two tables that have the same key, by key; `report` gets the keys of the others.
Measurements join_tables(const CsvTable& first, const CsvTable& second, const ValidateOptions& o,
                         Report& report) {
  const Measurements all = measurements_of(first, second, o);
  const auto rows = rows_by_key(first, o.key_column), test_rows = rows_by_key(second, o.key_column);
  Measurements joined;
  const auto take = [](std::vector<double>& to, const std::vector<double>& from, std::size_t row) {
    if (!from.empty()) to.push_back(from[row]);
  };
  for (const auto& [key, row] : rows) {
    const auto partner = test_rows.find(key);
    if (partner == test_rows.end()) {
      report.unmatched_reference.push_back(key);
      continue;
    }
    take(joined.reference, all.reference, row);
    take(joined.reference_again, all.reference_again, row);
    take(joined.test, all.test, partner->second);
    take(joined.test_again, all.test_again, partner->second);
  }
  for (const auto& [key, row] : test_rows)
    if (!rows.contains(key)) report.unmatched_test.push_back(key);
  if (joined.reference.empty())
    throw BadInput("no '" + o.key_column + "' of " + o.files[0] + " occurs in " + o.files[1]);
  return joined;
}

Report compare_measurements(const ValidateOptions& o) {
  const CsvTable first = read_csv(o.files[0]);
  const bool two = o.files.size() == 2;
  if (two == o.key_column.empty())
    throw BadInput(two ? "two tables need --key, the column that names their rows alike"
                       : "--key joins two tables, and only one is named");
  Report report;
  const Measurements m =
      two ? join_tables(first, read_csv(o.files[1]), o, report) : measurements_of(first, first, o);
  if (m.reference.size() < 2)
    throw BadInput("one row is too few: agreement needs two pairs or more");
  require_varying(m.reference, o.reference_column);
  require_varying(m.test, o.test_column);
  const std::string unit = !o.unit.empty() ? o.unit : two ? o.key_column : "row";
  report.results.push_back({"", measurement_figures(m.reference, m.test, m.reference_again,
                                                    m.test_again, unit, o.settings.metrics)});
  if (!o.settings.plots.empty())
    draw_measurements(fs::path(o.settings.plots) / "", m.reference, m.test, o.reference_column,
                      o.test_column, o.settings.metrics.paired);
  return report;
}

Json json_of(const Report& report, const ValidateOptions& o,
             const std::vector<std::string>& command, const std::vector<std::string>& failures) {
  Json document = Json::object();
  document["kind"] = o.word;
  document["reference"] = o.files.front();
  document["test"] = o.files.back();
  document["version"] = build_info::version;
  document["git_revision"] = build_info::git_revision;
  document["command"] = command;
  if (report.folders) {
    document["seed"] = o.seed;
    Json pairs = Json::array();
    for (const NamedFigures& result : report.results) {
      Json pair = Json::object();
      pair["name"] = result.name;
      pair.update(to_json(result.figures));
      pairs.push_back(pair);
    }
    document["n_pairs"] = pairs.size();
    document["pairs"] = pairs;
    document["aggregate"] = to_json(to_figures(report.aggregates));
  } else {
    document.update(to_json(report.results.front().figures));
  }
  const auto unmatched = [&](const std::vector<std::string>& names) {
    return Json{{"count", names.size()}, {"names", names}};
  };
  if (report.folders || !o.key_column.empty())
    document["unmatched"] = Json{{"reference", unmatched(report.unmatched_reference)},
                                 {"test", unmatched(report.unmatched_test)}};
  Json requirements = Json::array();
  for (const Requirement& r : o.outputs.requirements) requirements.push_back(r.text);
  document["requirements"] = {{"asked", requirements}, {"unmet", failures}};
  return document;
}

/// A line a metric: mean with its interval, SD, median with its interval, quartiles.
std::string aggregate_table(const std::vector<NamedAggregate>& aggregates) {
  const auto number = [](const Value& value) {
    return value ? rounded(*value, 4) : std::string("-");
  };
  const auto interval = [&](const Value& lower, const Value& upper) {
    return lower && upper ? number(lower) + " to " + number(upper) : std::string("-");
  };
  std::vector<std::vector<std::string>> rows{
      {"metric", "n", "mean", "95 % CI", "SD", "median", "95 % CI", "quartiles", ""}};
  for (const auto& [key, a] : aggregates) {
    std::string note;
    if (a.n_infinite > 0) note += std::to_string(a.n_infinite) + " infinite ";
    if (a.n_undefined > 0) note += std::to_string(a.n_undefined) + " undefined";
    rows.push_back({key, std::to_string(a.n), number(a.mean),
                    interval(a.mean_ci.lower, a.mean_ci.upper), number(a.sd), number(a.median),
                    interval(a.median_ci.lower, a.median_ci.upper),
                    interval(a.lower_quartile, a.upper_quartile), note});
  }
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string text_of(const Report& report) {
  std::string text = report.folders
                         ? std::to_string(report.results.size()) + " pairs of images\n\n" +
                               aggregate_table(report.aggregates)
                         : to_text(report.results.front().figures);
  for (const auto& [names, side] : {std::pair{&report.unmatched_reference, "reference"},
                                    std::pair{&report.unmatched_test, "test"}})
    if (!names->empty())
      text += std::to_string(names->size()) + " of the " + side +
              " side without a partner: " + join(*names, ", ") + "\n";
  return text;
}

/// Requirements on a folder hold for every image, or with ".mean" and the like for the aggregate.
std::vector<std::string> failures_of(const Report& report, const ValidateOptions& o) {
  const Figures aggregate = numbers_of(to_figures(report.aggregates));
  std::vector<std::string> failures;
  for (const Requirement& requirement : o.outputs.requirements) {
    if (std::any_of(aggregate.begin(), aggregate.end(),
                    [&](const Figure& f) { return f.key == requirement.key; })) {
      if (const auto failure = unmet(requirement, aggregate); !failure.empty())
        failures.push_back(failure);
      continue;
    }
    for (const NamedFigures& result : report.results)
      if (const auto failure = unmet(requirement, result.figures); !failure.empty())
        failures.push_back((result.name.empty() ? "" : result.name + ": ") + failure);
  }
  return failures;
}

int compare(const ValidateOptions& o, const std::vector<std::string>& command) {
  require_outputs(o);
  const Report report =
      o.command == ValidateCommand::measurements ? compare_measurements(o) : compare_pair(o);
  const auto failures = failures_of(report, o);
  write_output(
      o.outputs.json,
      json_of(report, o, command, failures).dump(1, ' ', false, Json::error_handler_t::replace) +
          "\n");
  write_output(o.outputs.csv, to_csv(report.results));
  if (!o.outputs.on_stdout()) std::cout << text_of(report);
  for (const auto& failure : failures) std::cerr << "validate: " << failure << "\n";
  return failures.empty() ? exit_code::good : exit_code::failed;
}

int measure(const ValidateOptions& o) {
  require_outputs(o);
  Image labels = as_labels(read_tiff(o.files[0], o.settings.selection), o.files[0]);
  std::optional<Image> intensity;
  if (o.files.size() == 2) {
    intensity = read_tiff(o.files[1], o.settings.selection);
    if (intensity->shape() != labels.shape())
      throw BadInput(o.files[0] + " is " + to_string(labels.shape(), 3) + " voxels, and " +
                     o.files[1] + " " + to_string(intensity->shape(), 3) +
                     "; both must have one shape");
    if (intensity->dtype() == DType::u32)
      throw BadInput(o.files[1] +
                     " holds 32-bit integers; intensities are 8-bit, 16-bit or float32 grey "
                     "levels (are labels and intensities exchanged?)");
    if (const Range range = range_of(*intensity); range.non_finite > 0)
      throw BadInput(o.files[1] + " has " + std::to_string(range.non_finite) +
                     " pixels that are NaN or infinite; no mean can be taken over them");
  }
  labels.set_spacing(
      spacing_of(labels, intensity ? *intensity : labels, o.settings.spacing).spacing);
  const ObjectTable table = measure_objects(labels, intensity ? &*intensity : nullptr, o.feret);
  const std::string file = o.outputs.csv.empty() ? "-" : o.outputs.csv;
  write_output(file, csv_text(table.columns, table.rows));
  return exit_code::good;
}

}  // namespace

int run_validate(int argc, char** argv) {
  return run_program("validate", [&] {
    const auto parsed = parse_validate_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    const auto& options = std::get<ValidateOptions>(parsed);
    return options.command == ValidateCommand::measure ? measure(options)
                                                       : compare(options, {argv, argv + argc});
  });
}

}  // namespace voxelmark
