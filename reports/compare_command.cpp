#include <algorithm>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>

#include "engines/core/command_line.hpp"
#include "engines/core/files.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"
#include "reports/comparison_output.hpp"
#include "reports/program.hpp"

namespace voxelmark::report {

namespace {

struct CompareOptions {
  std::vector<std::string> pair, base, now;
  ComparisonRule rule;
  std::string markdown, json, junit;
};

std::vector<std::string> outputs_of(const CompareOptions& o) {
  std::vector<std::string> outputs;
  for (const auto& file : {o.markdown, o.json, o.junit})
    if (!file.empty()) outputs.push_back(file);
  return outputs;
}

/// "BASE NEW", or --base and --new.
void settle_inputs(CompareOptions& o) {
  if (!o.pair.empty() && !(o.base.empty() && o.now.empty()))
    throw BadInput("give either BASE NEW, or --base and --new");
  if (o.pair.size() == 2) {
    o.base = {o.pair[0]};
    o.now = {o.pair[1]};
  }
  if (o.base.empty() || o.now.empty())
    throw BadInput("two results are compared: give BASE NEW, or --base FILE… and --new FILE…");
}

void check_outputs(const CompareOptions& o) {
  const auto outputs = outputs_of(o);
  if (std::count(outputs.begin(), outputs.end(), "-") > 1)
    throw BadInput("standard output (-) is named for two outputs; name two files");
  for (const auto& file : outputs)
    if (file != "-") require_writable(file);
}

/// No output may replace a file that was read, be it named or found in a folder.
void keep_inputs(const CompareOptions& o, const std::vector<ResultFile>& base,
                 const std::vector<ResultFile>& now) {
  std::vector<std::string> inputs, outputs = outputs_of(o);
  std::erase(outputs, "-");
  for (const auto* side : {&base, &now})
    for (const ResultFile& file : *side) inputs.push_back(file.path.string());
  require_distinct(inputs, outputs);
}

/// A file that is named twice would count its processes twice.
std::vector<ResultFile> read_side(const std::vector<std::string>& paths) {
  auto files = read_all(paths);
  for (std::size_t i = 0; i < files.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (std::error_code error; std::filesystem::equivalent(files[i].path, files[j].path, error))
        throw BadInput(files[i].path.string() + " is named twice on one side");
  return files;
}

void require_one_machine(const std::vector<ResultFile>& base, const std::vector<ResultFile>& now) {
  for (const auto* side : {&base, &now})
    for (const ResultFile& file : *side)
      if (const auto differences = machine_differences(base.front(), file); !differences.empty())
        throw BadInput(base.front().path.string() + " and " + file.path.string() +
                       " are of different machines (" + join(differences, "; ") +
                       "); --across-machines compares them all the same");
}

int compare_files(CompareOptions o) {
  settle_inputs(o);
  check_outputs(o);
  auto reading = std::async(std::launch::async, read_side, std::cref(o.now));
  const auto base = read_side(o.base), now = reading.get();
  keep_inputs(o, base, now);
  if (!o.rule.across_machines) require_one_machine(base, now);
  const Comparison comparison = compare(base, now, o.rule);
  if (!o.markdown.empty()) write_output(o.markdown, markdown_text(comparison));
  if (!o.json.empty()) write_output(o.json, json_text(comparison));
  if (!o.junit.empty()) write_output(o.junit, junit_text(comparison));
  const auto outputs = outputs_of(o);
  if (std::find(outputs.begin(), outputs.end(), "-") == outputs.end())
    std::cout << console_text(comparison);
  return comparison.alarms > 0 ? exit_code::failed : exit_code::good;
}

const CLI::Validator slowdown(
    [](const std::string& text) {
      const auto value = parse_number<double>(text);
      return value && *value > 1 && *value <= 1000 ? std::string()
                                                   : "needs a factor above 1, at most 1000";
    },
    "");

}  // namespace

void add_compare(CLI::App& app, Action& chosen) {
  const auto o = std::make_shared<CompareOptions>();
  using namespace command_line;
  CLI::App* sub =
      app.add_subcommand("compare",
                         "Did anything get slower, fail, disagree or vanish?\n\n"
                         "  report compare base.json new.json --markdown comment.md\n"
                         "  report compare --base base/ --new new/ --max-slowdown 1.1\n\n"
                         "docs/comparing.md defines the verdicts.");
  sub->add_option("results", o->pair, "Two result files, or folders of them")
      ->expected(2)
      ->check(not_empty())
      ->type_name("BASE NEW");
  sub->add_option("--base", o->base,
                  "Several files or folders, each file of a fresh process or more")
      ->check(not_empty())
      ->type_name("FILE...");
  sub->add_option("--new", o->now, "The same of the new build")
      ->check(not_empty())
      ->type_name("FILE...");
  sub->add_option("--max-slowdown", o->rule.max_slowdown, "Ratio of times that is too much")
      ->check(slowdown)
      ->capture_default_str()
      ->type_name("FACTOR");
  sub->add_flag("--allow-gone", o->rule.allow_gone,
                "Cases that are no longer measured are no alarm");
  sub->add_flag("--across-machines", o->rule.across_machines,
                "Compare results of different CPUs, devices or drivers");
  add_output(*sub, "--markdown", o->markdown, "Write a comment for a pull request");
  add_output(*sub, "--json", o->json, "Write all figures");
  add_output(*sub, "--junit", o->junit, "Write JUnit's XML");
  sub->footer(
      "Exit codes: 0 no alarm; 1 a case is slower, failed, disagrees or is gone; 2 wrong usage or "
      "input.");
  sub->callback([o, &chosen] { chosen = [o] { return compare_files(*o); }; });
}

}  // namespace voxelmark::report
