#include "bench/validate_engines.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

#include "bench/agreement_figures.hpp"
#include "bench/axis_options.hpp"
#include "bench/checker.hpp"
#include "bench/engines.hpp"
#include "bench/inputs.hpp"
#include "bench/progress_bar.hpp"
#include "bench/run_operation.hpp"
#include "bench/sweep.hpp"
#include "build_info.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"
#include "validate/requirement.hpp"

namespace voxelmark {

namespace {

using Json = nlohmann::ordered_json;

struct EngineOptions {
  Options axes;
  std::vector<Requirement> requirements;
  std::string csv;
};

/// Two results of one task.
struct Pair {
  std::string first, second;  ///< devices' names
  Figures figures;
  bool within = false;  ///< the tolerance
};

/// What engines made of one task.
struct TaskResult {
  std::shared_ptr<const Task> task;
  std::vector<Pair> pairs;
  std::vector<std::pair<std::string, std::string>> skipped, failed;  ///< device, reason
};

/// Two results that are each within a tolerance of the reference are within this of each other.
Tolerance doubled(const Tolerance& t) {
  const auto twice = [](double least) { return least > 0 ? 1 - 2 * (1 - least) : 0; };
  return {2 * t.max_abs_error, std::min(1.0, 2 * t.max_fraction_differing), twice(t.min_dice),
          twice(t.min_sparse_jaccard)};
}

TaskResult compare_task(const Group& group, const Options& options, OpenEngines& engines) {
  TaskResult result{group.task, {}, {}, {}};
  const Task& task = *group.task;
  const Operation& operation = *task.operation;
  std::optional<Checker> checker;
  try {
    checker.emplace(task, Check::full, options.channel, options.frame);
  } catch (const NotMeasurable& error) {
    result.skipped.emplace_back("all", error.what());
    return result;
  } catch (const Interrupted&) {
    return result;
  }
  std::vector<std::pair<std::string, Image>> outputs;
  outputs.emplace_back("reference", checker->expected().clone());
  for (const Case& one : group.cases) {
    if (interrupt_requested) break;
    if (one.entry.device.engine == "reference") continue;
    const std::string label = one.engine_label();
    try {
      const auto opened = engines.open(one.entry, one.threads);
      if (const auto* skip = std::get_if<Skip>(&opened)) {
        result.skipped.emplace_back(label, skip->reason);
        continue;
      }
      auto output = run_on(*std::get<OpenEngines::Opened*>(opened)->engine, operation,
                           task.parameters, pointers_to(checker->inputs()));
      if (const auto* skip = std::get_if<Skip>(&output))
        result.skipped.emplace_back(label, skip->reason);
      else
        outputs.emplace_back(label, std::get<Image>(std::move(output)));
    } catch (const Interrupted&) {
      break;
    } catch (const BadInput&) {
      throw;
    } catch (const NotMeasurable& error) {
      result.skipped.emplace_back(label, error.what());
    } catch (const std::exception& error) {
      result.failed.emplace_back(label, error.what());
    }
  }
  const Tolerance tolerance = operation.tolerance(task.parameters, checker->expected().dtype(),
                                                  checker->range(), task.shape);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = i + 1; j < outputs.size(); ++j) {
      const Comparison comparison = compare_outputs(operation, outputs[i].second, outputs[j].second,
                                                    i == 0 ? tolerance : doubled(tolerance));
      result.pairs.push_back(
          {outputs[i].first, outputs[j].first, agreement_figures(comparison), agrees(comparison)});
    }
  return result;
}

std::string name_of(const Task& task) { return task.operation->name + "/" + task.suffix(); }

std::string cell(const Figures& figures, const char* key) {
  for (const Figure& f : figures)
    if (f.key == key) {
      const auto number = f.number();
      return number ? rounded(*number, 6) : std::string("undefined");
    }
  return "-";
}

std::string text_of(const TaskResult& result) {
  std::string text = name_of(*result.task) + "\n";
  for (const Pair& pair : result.pairs) {
    text += "  " + pair.first + " : " + pair.second + "  max error " +
            cell(pair.figures, "max_abs_error") + " of " + cell(pair.figures, "error_allowed") +
            ", bias " + cell(pair.figures, "bias") + ", r " + cell(pair.figures, "pearson_r");
    for (const char* key : {"dice", "sparse_jaccard"})
      if (const std::string value = cell(pair.figures, key); value != "-")
        text += std::string(", ") + key + " " + value;
    text += pair.within ? "\n" : "  DISAGREE\n";
  }
  for (const auto& [device, reason] : result.skipped)
    text += "  " + device + "  skipped: " + reason + "\n";
  for (const auto& [device, reason] : result.failed)
    text += "  " + device + "  FAILED: " + reason + "\n";
  return text;
}

struct Tally {
  std::size_t pairs = 0, within = 0, skipped = 0, failed = 0;
};

Tally tally(const std::vector<TaskResult>& results) {
  Tally t;
  for (const TaskResult& result : results) {
    t.pairs += result.pairs.size();
    t.skipped += result.skipped.size();
    t.failed += result.failed.size();
    for (const Pair& pair : result.pairs) t.within += pair.within;
  }
  return t;
}

Json case_json(const Task& task) {
  return {{"name", name_of(task)},
          {"operation", task.operation->name},
          {"size", {task.shape.x, task.shape.y, task.shape.z}},
          {"dtype", to_string(task.dtype)},
          {"parameters", task.parameters.text(task.operation->dims)}};
}

Json json_of(const std::vector<TaskResult>& results, const std::vector<std::string>& command) {
  const Tally t = tally(results);
  Json document{{"kind", "engines"},
                {"version", build_info::version},
                {"git_revision", build_info::git_revision},
                {"command", command},
                {"incomplete", interrupt_requested.load()},
                {"pairs_compared", t.pairs},
                {"pairs_within_tolerance", t.within},
                {"skipped", t.skipped},
                {"failed", t.failed},
                {"pairs", Json::array()},
                {"rows_without_result", Json::array()}};
  for (const TaskResult& result : results) {
    for (const Pair& pair : result.pairs) {
      Json row = case_json(*result.task);
      row["reference"] = pair.first;
      row["test"] = pair.second;
      row["within_tolerance"] = pair.within;
      row.update(to_json(pair.figures));
      document["pairs"].push_back(row);
    }
    for (const auto& [rows, outcome] :
         {std::pair{&result.skipped, "skipped"}, std::pair{&result.failed, "failed"}})
      for (const auto& [device, reason] : *rows) {
        Json row = case_json(*result.task);
        row.update({{"device_id", device}, {"outcome", outcome}, {"reason", reason}});
        document["rows_without_result"].push_back(row);
      }
  }
  return document;
}

std::string csv_of(const std::vector<TaskResult>& results) {
  std::vector<NamedFigures> rows;
  for (const TaskResult& result : results)
    for (const Pair& pair : result.pairs) {
      Figures figures{{"reference", pair.first, ""}, {"test", pair.second, ""}};
      figures.insert(figures.end(), pair.figures.begin(), pair.figures.end());
      figures.push_back({"within_tolerance", pair.within, ""});
      rows.push_back({name_of(*result.task), figures});
    }
  return to_csv(rows);
}

std::variant<EngineOptions, int> parse(int argc, char** argv) {
  EngineOptions options;
  AxisTexts axes;
  std::vector<std::string> requirements;
  CLI::App app(
      "validate engines: run operations on every engine and device, and compare each result with "
      "the reference's and with each other's\n\n"
      "  validate engines --filter GaussianBlur3D --size 256x256x32 --dtype u8,f32\n\n"
      "Two engines may differ by twice what each may differ from the reference by.",
      "validate engines");
  app.footer(
      "Exit codes: 0 all agree, and every --require is met; 1 some do not; 2 wrong usage, or "
      "nothing was compared; 130 ended by Ctrl-C, what was compared is kept.");
  add_axis_options(app, options.axes, axes);
  app.add_option(
         "--require", requirements,
         "Exit with 1 unless a metric of every pair is so, as 'pearson_r>=0.999'; repeatable")
      ->type_name("METRIC>=NUMBER");
  app.add_option("--json", options.axes.json, "Write the figures (- is standard output)")
      ->type_name("FILE");
  app.add_option("--csv", options.csv, "Write them as a table (- is standard output)")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::cerr << "validate: " << error.what() << "; see validate engines --help\n";
    return exit_code::unusable;
  }
  for (const char* name : {"--json", "--csv"})
    if (app.count(name) > 0 && app.get_option(name)->as<std::string>().empty())
      throw BadInput(std::string(name) + " needs a name");
  if (options.axes.json == "-" && options.csv == "-")
    throw BadInput("--json - and --csv - both want standard output; name a file for one of them");
  take_axes(axes, options.axes);
  for (const auto& text : requirements) options.requirements.push_back(parse_requirement(text));
  return options;
}

int compare_engines(const EngineOptions& options, const std::vector<std::string>& command) {
  std::vector<std::string> inputs = options.axes.inputs, outputs;
  if (!options.axes.second.empty()) inputs.push_back(options.axes.second);
  for (const std::string& file : {options.axes.json, options.csv})
    if (!file.empty() && file != "-") outputs.push_back(file);
  require_distinct(inputs, outputs);
  for (const std::string& file : outputs) require_writable(file);
  const auto groups = sweep(options.axes);
  std::ostream& out = options.axes.json == "-" || options.csv == "-" ? std::cerr : std::cout;
  OpenEngines engines(false);
  std::vector<TaskResult> results;
  std::vector<std::string> failures;
  ProgressBar bar(groups.size());
  for (std::size_t i = 0; i < groups.size() && !interrupt_requested; ++i) {
    bar.start(i, name_of(*groups[i].task));
    results.push_back(compare_task(groups[i], options.axes, engines));
    bar.clear();
    out << text_of(results.back()) << std::flush;
    for (const Requirement& requirement : options.requirements)
      for (const Pair& pair : results.back().pairs)
        if (const auto failure = unmet(requirement, pair.figures); !failure.empty())
          failures.push_back(name_of(*groups[i].task) + ": " + pair.first + " : " + pair.second +
                             ": " + failure);
  }
  const Tally t = tally(results);
  out << t.within << " of " << t.pairs << " pairs agree, " << t.skipped << " skipped, " << t.failed
      << " failed" << (interrupt_requested ? "; incomplete: interrupted" : "") << "\n";
  write_output(
      options.axes.json,
      json_of(results, command).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  write_output(options.csv, csv_of(results));
  for (const auto& failure : failures) std::cerr << "validate: " << failure << "\n";
  if (interrupt_requested) return exit_code::interrupted;
  if (t.within < t.pairs || t.failed > 0 || !failures.empty()) return exit_code::failed;
  if (t.pairs > 0) return exit_code::good;
  std::cerr
      << "validate: nothing was compared: every case was skipped, or only the reference runs\n";
  return exit_code::unusable;
}

}  // namespace

int run_validate_engines(int argc, char** argv) {
  return run_program("validate", [&] {
    const auto parsed = parse(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    heed_interrupts();
    return compare_engines(std::get<EngineOptions>(parsed), {argv, argv + argc});
  });
}

}  // namespace voxelmark
