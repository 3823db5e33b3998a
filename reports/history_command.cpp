#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "engines/core/command_line.hpp"
#include "engines/core/files.hpp"
#include "engines/core/program.hpp"
#include "reports/history_page.hpp"
#include "reports/html_page.hpp"
#include "reports/program.hpp"

namespace voxelmark::report {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> results;
  std::string folder, title = "Benchmark history";
};

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder))
    throw BadInput("cannot make the folder " + folder.string() + ": " +
                   (error ? error.message() : "it is a file"));
}

fs::path copy_of(const HistoryRun& run, const fs::path& folder) {
  return folder / "runs" / (run.name + ".json");
}

/// A site can be its own archive: what lies there already is not written again.
bool is_archived(const HistoryRun& run, const fs::path& folder) {
  const fs::path copy = copy_of(run, folder);
  std::error_code error;
  if (fs::equivalent(run.path, copy, error)) return true;
  const auto size = fs::file_size(copy, error);
  if (error || fs::file_size(run.path, error) != size) return false;
  std::ifstream one(run.path, std::ios::binary), other(copy, std::ios::binary);
  using Bytes = std::istreambuf_iterator<char>;
  return std::equal(Bytes(one), Bytes(), Bytes(other), Bytes());
}

/// All that is written.
std::vector<std::string> outputs(const History& history, const fs::path& folder) {
  std::vector<std::string> files{(folder / "index.html").string()};
  for (const HistoryRun& run : history.runs) {
    files.push_back((folder / "runs" / (run.name + ".html")).string());
    if (!is_archived(run, folder)) files.push_back(copy_of(run, folder).string());
  }
  return files;
}

void archive(const HistoryRun& run, const fs::path& folder) {
  if (is_archived(run, folder)) return;
  write_atomically(copy_of(run, folder), [&](const fs::path& temporary) {
    fs::copy_file(run.path, temporary, fs::copy_options::overwrite_existing);
  });
}

int run(const Options& o) {
  const fs::path folder = o.folder;
  const auto paths = result_paths(o.results);
  const History history = read_history(paths);
  std::vector<std::string> inputs;
  for (const fs::path& path : paths) inputs.push_back(path.string());
  require_distinct(inputs, outputs(history, folder));
  make_folder(folder / "runs");
  require_writable(folder / "index.html");
  for (const HistoryRun& one : history.runs) {
    archive(one, folder);
    write_text(folder / "runs" / (one.name + ".html"),
               html_page({read_results(one.path)}, one.name));
  }
  write_text(folder / "index.html", history_page(history, o.title));
  return exit_code::good;
}

}  // namespace

void add_history(CLI::App& app, Action& chosen) {
  const auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("history",
                                     "A dashboard over many runs, as static files\n\n"
                                     "  report history results/ -o site/");
  sub->footer(footer_of_writers);
  add_result_files(*sub, o->results);
  command_line::add_folder(*sub, "-o,--output", o->folder,
                           "The folder of the dashboard, made where it is missing")
      ->required();
  sub->add_option("--title", o->title, "Its heading")
      ->check(command_line::not_empty())
      ->capture_default_str()
      ->type_name("TEXT");
  sub->callback([o, &chosen] { chosen = [o] { return run(*o); }; });
}

}  // namespace voxelmark::report
