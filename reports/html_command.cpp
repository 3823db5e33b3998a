#include <memory>

#include "engines/core/command_line.hpp"
#include "engines/core/files.hpp"
#include "engines/core/program.hpp"
#include "reports/html_page.hpp"
#include "reports/program.hpp"

namespace voxelmark::report {

namespace {

struct Options {
  std::vector<std::string> files;
  std::string output, overlaps, title = "Benchmark and agreement report";
};

int run(const Options& options) {
  const std::vector<ResultFile> results = read_all(options.files);
  std::vector<std::string> inputs;
  for (const ResultFile& file : results) inputs.push_back(file.path.string());
  std::optional<OverlapFile> searched;
  if (!options.overlaps.empty()) {
    searched = read_overlaps(options.overlaps);
    inputs.push_back(options.overlaps);
  }
  require_distinct(inputs, {options.output});
  if (options.output != "-") require_writable(options.output);
  write_output(options.output, html_page(results, options.title, searched));
  return exit_code::good;
}

}  // namespace

void add_html(CLI::App& app, Action& chosen) {
  auto* html = app.add_subcommand("html",
                                  "One page that opens from disk, without network\n\n"
                                  "  report html results.json -o report.html");
  const auto options = std::make_shared<Options>();
  html->footer(footer_of_writers);
  add_result_files(*html, options->files);
  command_line::add_output(*html, "-o,--output", options->output, "The page to write")->required();
  html->add_option("--title", options->title, "Its heading")
      ->check(command_line::not_empty())
      ->capture_default_str()
      ->type_name("TEXT");
  html->add_option("--overlaps", options->overlaps,
                   "What `bench overlap --json FILE` wrote, to list under Tiles")
      ->check(command_line::not_empty())
      ->type_name("FILE");
  html->callback([&chosen, options] { chosen = [options] { return run(*options); }; });
}

}  // namespace voxelmark::report
