#include "bench/validate_engines.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

#include "bench/agreement_figures.hpp"
#include "bench/axes.hpp"
#include "bench/checker.hpp"
#include "bench/engines.hpp"
#include "bench/execution.hpp"
#include "bench/inputs.hpp"
#include "bench/progress_bar.hpp"
#include "bench/sweep.hpp"
#include "build_info.hpp"
#include "engines/core/command_line.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"
#include "validate/shared_options.hpp"

namespace voxelmark {

namespace {

using Json = nlohmann::ordered_json;

struct EngineOptions {
  Axes axes;
  AgreementOutputs outputs;
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

  /// A device without a result. An interrupt is none: the program tells of it.
  void add(const std::string& device, const Outcome& outcome) {
    if (interrupt_requested) return;
    if (const auto* skip = std::get_if<Skip>(&outcome)) skipped.emplace_back(device, skip->reason);
    if (const auto* fail = std::get_if<Failed>(&outcome)) failed.emplace_back(device, fail->reason);
  }
};

/// Two results that are each within a tolerance of the reference are within this of each other.
Tolerance doubled(const Tolerance& t) {
  const auto twice = [](double least) { return least > 0 ? 1 - 2 * (1 - least) : 0; };
  return {2 * t.max_abs_error, std::min(1.0, 2 * t.max_fraction_differing), twice(t.min_dice),
          twice(t.min_sparse_jaccard)};
}

std::variant<Image, Skip> run_case(const Case& one, const Checker& checker, OpenEngines& engines) {
  const auto opened = engines.open(one.entry, one.threads);
  if (const auto* skip = std::get_if<Skip>(&opened)) return *skip;
  return run_on(*std::get<OpenEngines::Opened*>(opened)->engine, *one.task->operation,
                one.task->parameters, pointers_to(checker.inputs()));
}

TaskResult compare_task(const Group& group, OpenEngines& engines) {
  TaskResult result{group.task, {}, {}, {}};
  const Task& task = *group.task;
  const Operation& operation = *task.operation;
  std::optional<Checker> checker;
  try {
    checker.emplace(task, Check::full);
  } catch (...) {
    result.add("all", outcome_of_exception());
    return result;
  }
  std::vector<std::pair<std::string, Image>> outputs;
  outputs.emplace_back("reference", checker->expected().clone());
  for (const Case& one : group.cases) {
    if (interrupt_requested) break;
    if (one.entry.device.is_reference()) continue;
    const std::string label = one.engine_label();
    try {
      auto output = run_case(one, *checker, engines);
      if (const auto* skip = std::get_if<Skip>(&output))
        result.add(label, *skip);
      else
        outputs.emplace_back(label, std::get<Image>(std::move(output)));
    } catch (const Interrupted&) {
      break;
    } catch (...) {
      result.add(label, outcome_of_exception());
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

constexpr const char* description =
    "validate engines: run operations on every engine and device, and compare each result with "
    "the reference's and with each other's\n\n"
    "  validate engines --filter GaussianBlur3D --size 256x256x32 --dtype u8,f32\n\n"
    "Two engines may differ by twice what each may differ from the reference by.";

constexpr const char* footer =
    "Exit codes: 0 all agree, and every --require is met; 1 some do not; 2 wrong usage, or "
    "nothing was compared; 130 ended by Ctrl-C, what was compared is kept.";

std::variant<EngineOptions, int> parse_engines_command_line(int argc, char** argv) {
  EngineOptions options;
  CLI::App app(description, "validate engines");
  command_line::set_up(app, footer, build_info::version);
  app.option_defaults()->group("What to run");
  add_axes(app, options.axes);
  app.option_defaults()->group("Results");
  add_agreement_outputs(app, options.outputs, "pearson_r>=0.999");
  if (const auto code = command_line::parse(app, argc, argv)) return *code;
  return options;
}

int compare_engines(const EngineOptions& options, const std::vector<std::string>& command) {
  std::vector<std::string> inputs = options.axes.inputs;
  if (!options.axes.second.empty()) inputs.push_back(options.axes.second);
  require_writable(options.outputs, inputs);
  const auto groups = sweep(options.axes);
  std::ostream& out = options.outputs.on_stdout() ? std::cerr : std::cout;
  OpenEngines engines(0);
  std::vector<TaskResult> results;
  std::vector<std::string> failures;
  ProgressBar bar(groups.size());
  for (std::size_t i = 0; i < groups.size() && !interrupt_requested; ++i) {
    bar.start(i, name_of(*groups[i].task));
    results.push_back(compare_task(groups[i], engines));
    bar.clear();
    out << text_of(results.back()) << std::flush;
    for (const Requirement& requirement : options.outputs.requirements)
      for (const Pair& pair : results.back().pairs)
        if (const auto failure = unmet(requirement, pair.figures); !failure.empty())
          failures.push_back(name_of(*groups[i].task) + ": " + pair.first + " : " + pair.second +
                             ": " + failure);
  }
  const Tally t = tally(results);
  out << t.within << " of " << t.pairs << " pairs agree, " << t.skipped << " skipped, " << t.failed
      << " failed" << (interrupt_requested ? "; incomplete: interrupted" : "") << "\n";
  write_output(
      options.outputs.json,
      json_of(results, command).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  write_output(options.outputs.csv, csv_of(results));
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
    const auto parsed = parse_engines_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    heed_interrupts();
    return compare_engines(std::get<EngineOptions>(parsed), {argv, argv + argc});
  });
}

}  // namespace voxelmark
