#include <iostream>
#include <memory>

#include "engines/core/command_line.hpp"
#include "engines/core/files.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"
#include "reports/exports.hpp"
#include "reports/program.hpp"

namespace voxelmark::report {

namespace {

const std::map<std::string, Exported (*)(const std::vector<ResultFile>&)> formats{
    {"googlebenchmark", to_google_benchmark},
    {"github-action-benchmark", to_github_action_benchmark},
    {"bencher", to_bencher},
    {"csv", to_csv},
    {"markdown", to_markdown}};

struct Options {
  std::vector<std::string> results;
  std::string format, output = "-";
};

int run(const Options& o) {
  const bool to_file = o.output != "-";
  if (to_file) require_writable(o.output);
  const std::vector<ResultFile> files = read_all(o.results);
  std::vector<std::string> inputs;
  for (const ResultFile& file : files) inputs.push_back(file.path.string());
  if (to_file) require_distinct(inputs, {o.output});
  const Exported exported = formats.at(o.format)(files);
  write_output(o.output, exported.text);
  if (exported.left_out)
    std::cerr << "report: " << exported.left_out << " cases without a result left out, as "
              << o.format << " has no place for them; csv and markdown keep them\n";
  return exit_code::good;
}

}  // namespace

void add_export(CLI::App& app, Action& chosen) {
  const auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("export",
                                     "Write results as other tools read them\n\n"
                                     "  report export results.json --to csv -o results.csv");
  sub->footer(footer_of_writers);
  add_result_files(*sub, o->results);
  std::vector<std::string> names;
  for (const auto& [name, write] : formats) names.push_back(name);
  sub->add_option("--to", o->format, "Format: " + join(names, ", "))
      ->required()
      ->check(command_line::one_of(names))
      ->type_name("FORMAT");
  command_line::add_output(*sub, "-o,--output", o->output, "Where to")->capture_default_str();
  sub->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

}  // namespace voxelmark::report
