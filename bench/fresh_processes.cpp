#include "bench/fresh_processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/merged_runs.hpp"
#include "engines/core/child_process.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/program.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// A folder of our own that goes with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const char* place = std::getenv("TMPDIR");
    std::string name = std::string(place && *place ? place : "/tmp") + "/voxelmark-XXXXXX";
    if (!mkdtemp(name.data()))
      throw BadInput("cannot make the temporary folder " + name +
                     " (TMPDIR says where): " + std::strerror(errno));
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The arguments without the program's name and without options, of one value each, that are the
/// parent's business.
std::vector<std::string> arguments_of_child(const std::vector<std::string>& command) {
  static const std::vector<std::string> ours{"--runs", "--json", "--base-program", "--base-json"};
  std::vector<std::string> kept;
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::string name = command[i].substr(0, command[i].find('='));
    if (std::find(ours.begin(), ours.end(), name) == ours.end())
      kept.push_back(command[i]);
    else if (name == command[i])
      ++i;
  }
  return kept;
}

/// Starts a program with its standard output thrown away, waits for its end and gives its exit
/// code. An interrupt is handed on, once; a child does not outlive us.
int run_child(const std::string& program, const std::vector<std::string>& arguments) {
  ChildStart start{.command = {program}};
  start.command.insert(start.command.end(), arguments.begin(), arguments.end());
  start.output = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t child = start_child(start);
  close(start.output);
  // Waking is work beside what the child measures. Its end and an interrupt wake us at once; the
  // time-out is for a kernel without pidfd_open, and for an interrupt just before the wait.
  constexpr int timeout_ms = 200;
  pollfd end{static_cast<int>(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
  int status = 0;
  for (bool told = false; waitpid(child, &status, WNOHANG) == 0;) {
    if (interrupt_requested && !told) told = kill(child, SIGINT) == 0;
    poll(&end, 1, timeout_ms);
  }
  if (end.fd >= 0) close(end.fd);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// One of the two builds that are measured, with what its processes wrote.
struct Side {
  std::string program, json_file;
  std::vector<json> documents{};
};

/// Whether the side has one more result. Throws BadInput where its program ends without any.
bool measure_once(Side& side, const std::vector<std::string>& arguments, const fs::path& file) {
  auto with_json = arguments;
  with_json.insert(with_json.end(), {"--json", file.string()});
  const int code = run_child(side.program, with_json);
  if (interrupt_requested) return false;
  if (!fs::exists(file))
    throw BadInput(side.program + " ended with exit code " + std::to_string(code) +
                   " and without a result");
  std::ifstream stream(file);
  const json& document = side.documents.emplace_back(json::parse(stream, nullptr, false));
  if (!document.is_object() || !document.contains("benchmarks") || !document.contains("context") ||
      !document["context"].contains("voxelmark"))
    throw BadInput(side.program + " is no bench program: what it wrote is no result file");
  fs::remove(file);
  return true;
}

/// How many cases of a document came out so.
std::ptrdiff_t count(const json& document, const char* outcome) {
  const auto& rows = document.at("benchmarks");
  return std::count_if(rows.begin(), rows.end(), [&](const json& row) {
    return row.contains("voxelmark") && row["voxelmark"]["outcome"] == outcome;
  });
}

/// Writes and prints what a side has, and gives the exit code for it.
int finish(const Side& side, const Options& options, const std::vector<std::string>& command) {
  if (side.documents.empty()) return exit_code::interrupted;
  const json merged = merged_runs(side.documents, command, interrupt_requested);
  std::ostream& out = options.json == "-" ? std::cerr : std::cout;
  if (!options.base_program.empty()) out << side.program << "\n";
  const auto done = count(merged, "done"), failed = count(merged, "failed");
  out << merged_table(merged) << done << " measured, " << count(merged, "skipped") << " skipped, "
      << failed << " failed in " << side.documents.size() << " processes"
      << (interrupt_requested ? "; incomplete: interrupted" : "") << "\n"
      << std::flush;
  write_output(side.json_file, merged.dump(1) + "\n");
  const auto& rows = merged.at("benchmarks");
  const bool disagrees = std::any_of(rows.begin(), rows.end(), [](const json& row) {
    return row.contains("voxelmark") && row["voxelmark"].value("disagrees", false);
  });
  if (failed > 0 || disagrees) return exit_code::failed;
  return done > 0 ? exit_code::good : exit_code::unusable;
}

}  // namespace

int measure_in_fresh_processes(const Options& options, const std::vector<std::string>& command) {
  if (!options.base_program.empty() && access(options.base_program.c_str(), X_OK) != 0)
    throw BadInput("--base-program " + options.base_program + " is no program that can be started");
  const TemporaryFolder folder;
  const auto arguments = arguments_of_child(command);
  std::vector<Side> sides;
  if (!options.base_program.empty()) sides.push_back({options.base_program, options.base_json});
  sides.push_back({fs::read_symlink("/proc/self/exe").string(), options.json});
  // Limits and pictures are for the first process of each side; they take time.
  auto later_arguments = arguments;
  for (const auto& [left_out, flag] : {std::pair{options.no_limits, "--no-limits"},
                                       std::pair{options.no_pictures, "--no-pictures"}})
    if (!left_out) later_arguments.push_back(flag);
  for (int run = 0; run < options.runs && !interrupt_requested; ++run) {
    std::cerr << "process " << run + 1 << " of " << options.runs << "\n";
    for (std::size_t i = 0; i < sides.size(); ++i)
      if (!measure_once(sides[run % 2 == 0 ? i : sides.size() - 1 - i],
                        run == 0 ? arguments : later_arguments, folder.path() / "run.json"))
        break;
  }
  int worst = exit_code::good;
  for (const Side& side : sides) worst = std::max(worst, finish(side, options, command));
  return interrupt_requested ? exit_code::interrupted : worst;
}

}  // namespace voxelmark
