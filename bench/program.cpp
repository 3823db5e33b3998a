#include "bench/program.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "bench/options.hpp"
#include "bench/progress_bar.hpp"
#include "bench/results.hpp"
#include "bench/runner.hpp"
#include "bench/sweep.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark {

namespace {

constexpr int all_good = 0, something_failed = 1, unusable = 2, ended_by_signal = 130;

/// The first Ctrl-C asks to stop, the second one stops.
void on_signal(int signal) {
  interrupt_requested = true;
  std::signal(signal, SIG_DFL);
}

/// Tries what --save and --json name, before minutes are spent on results that cannot be written.
void require_outputs(const Options& options) {
  if (!options.save.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.save, error);
    if (error) throw BadInput("cannot make the folder " + options.save + ": " + error.message());
    require_writable(std::filesystem::path(options.save) / "result.tif");
  }
  if (!options.json.empty() && options.json != "-") require_writable(options.json);
}

/// Where tables go: standard output belongs to the JSON that is asked for with `--json -`.
std::ostream& table_stream(const Options& options) {
  return options.json == "-" ? std::cerr : std::cout;
}

void write_json(const Options& options, const std::vector<GroupResult>& results,
                const OpenEngines& engines, const std::vector<std::string>& command) {
  if (options.json.empty()) return;
  const std::string json = results_json(results, engines, command, interrupt_requested);
  if (options.json == "-")
    std::cout << json << std::flush;
  else
    write_text(options.json, json);
}

void print_cases(const std::vector<Group>& groups) {
  for (const auto& group : groups)
    for (const auto& bench_case : group.cases) std::cout << bench_case.name() << "\n";
}

int measure_only_limits(const Options& options, const std::vector<std::string>& command) {
  require_outputs(options);
  OpenEngines engines;
  int opened = 0;
  const auto threads = options.threads.empty() ? std::vector<int>{0} : options.threads;
  for (const auto& entry : find_devices(options.engines, options.devices))
    for (const int count : entry.device.is_cpu() ? threads : std::vector<int>{0})
      if (!interrupt_requested) opened += engines.open(entry, count).index() == 0;
  table_stream(options) << limits_table(engines);
  write_json(options, {}, engines, command);
  if (interrupt_requested) return ended_by_signal;
  return opened > 0 ? all_good : unusable;
}

int exit_code(const std::vector<GroupResult>& results) {
  if (interrupt_requested) return ended_by_signal;
  const Tally count = tally(results);
  if (count.failed > 0) return something_failed;
  if (count.done == 0) {
    std::cerr << "bench: nothing was measured: every case was skipped\n";
    return unusable;
  }
  return all_good;
}

int measure(const Options& options, const std::vector<std::string>& command) {
  const auto groups = sweep(options);
  if (options.list) {
    print_cases(groups);
    return all_good;
  }
  require_outputs(options);
  std::ostream& out = table_stream(options);
  OpenEngines engines;
  std::vector<GroupResult> results;
  ProgressBar bar(groups.size());
  for (std::size_t i = 0; i < groups.size() && !interrupt_requested; ++i) {
    bar.start(i, groups[i].task->operation->name + " " + groups[i].task->suffix());
    results.push_back(
        run_group(groups[i], options, engines, [&](double fraction) { bar.update(fraction); }));
    bar.clear();
    out << table(results.back(), engines) << std::flush;
  }
  const Tally count = tally(results);
  out << count.done << " measured, " << count.skipped << " skipped, " << count.failed << " failed"
      << (interrupt_requested ? "; incomplete: interrupted" : "") << "\n"
      << std::flush;
  write_json(options, results, engines, command);
  return exit_code(results);
}

/// One line, whatever the user's text brought along.
int complain(std::string message, int code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cerr << "bench: " << message << "\n";
  return code;
}

int run(int argc, char** argv) {
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    const auto& options = std::get<Options>(parsed);
    if (options.list_operations) {
      std::cout << operation_list();
      return all_good;
    }
    if (options.list_devices) {
      std::cout << device_table(find_devices(options.engines, options.devices));
      return all_good;
    }
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    const std::vector<std::string> command(argv, argv + argc);
    return options.limits ? measure_only_limits(options, command) : measure(options, command);
  } catch (const Interrupted&) {
    return ended_by_signal;
  } catch (const BadInput& error) {
    return complain(error.what(), unusable);
  } catch (const NotMeasurable& error) {
    return complain(error.what(), unusable);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.path1().string() + ": " + error.code().message(), unusable);
  } catch (const std::exception& error) {
    return complain(error.what(), something_failed);
  }
}

}  // namespace

int run_bench(int argc, char** argv) {
  const int code = run(argc, argv);
  std::cout.flush();
  if (std::cout) return code;
  std::cerr << "bench: cannot write to standard output\n";
  return unusable;
}

}  // namespace voxelmark
