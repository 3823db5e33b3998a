#include <CLI/CLI.hpp>
#include <memory>

#include "engines/core/files.hpp"
#include "engines/core/program.hpp"
#include "reports/html_page.hpp"
#include "reports/program.hpp"

namespace voxelmark::report {

namespace {

struct Options {
  std::vector<std::string> files;
  std::string output, title = "Benchmark and agreement report";
};

int run(const Options& options) {
  const std::vector<ResultFile> results = read_all(options.files);
  std::vector<std::string> inputs;
  for (const ResultFile& file : results) inputs.push_back(file.path.string());
  require_distinct(inputs, {options.output});
  if (options.output != "-") require_writable(options.output);
  write_output(options.output, html_page(results, options.title));
  return exit_code::good;
}

/// Refuses an empty text.
const CLI::Validator not_empty(
    [](std::string& text) {
      return text.empty() ? std::string("must not be empty") : std::string();
    },
    "");

}  // namespace

void add_html(CLI::App& app, Action& chosen) {
  auto* html = app.add_subcommand("html", "One page that opens from disk, without network");
  const auto options = std::make_shared<Options>();
  html->add_option("files", options->files, "Result files, or folders of them")->required();
  html->add_option("-o,--output", options->output, "The page to write (- is standard output)")
      ->required()
      ->check(not_empty);
  html->add_option("--title", options->title, "Its heading")
      ->check(not_empty)
      ->capture_default_str();
  html->callback([&chosen, options] { chosen = [options] { return run(*options); }; });
}

}  // namespace voxelmark::report
