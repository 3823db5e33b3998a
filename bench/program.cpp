#include "bench/program.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

#include "bench/apply_command.hpp"
#include "bench/fresh_processes.hpp"
#include "bench/options.hpp"
#include "bench/overlap_command.hpp"
#include "bench/progress_bar.hpp"
#include "bench/results.hpp"
#include "bench/runner.hpp"
#include "bench/sweep.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/program.hpp"

namespace voxelmark {

namespace {

/// Tries what --save and --json name, before minutes are spent on results that cannot be written.
void require_outputs(const Options& options) {
  if (!options.save.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.save, error);
    if (error) throw BadInput("cannot make the folder " + options.save + ": " + error.message());
    require_writable(std::filesystem::path(options.save) / "result.tif");
  }
  if (options.json == "-" && options.base_json == "-")
    throw BadInput("--json - and --base-json - both want standard output; name a file for one");
  std::vector<std::string> inputs = options.axes.inputs, outputs;
  for (const std::string& input : {options.axes.second, options.base_program})
    if (!input.empty()) inputs.push_back(input);
  for (const std::string& output : {options.json, options.base_json})
    if (!output.empty() && output != "-") outputs.push_back(output);
  require_distinct(inputs, outputs);
  for (const std::string& output : outputs) require_writable(output);
}

/// Where tables go: standard output belongs to the JSON that is asked for with `--json -`.
std::ostream& table_stream(const Options& options) {
  return options.json == "-" ? std::cerr : std::cout;
}

void write_json(const Options& options, const std::vector<GroupResult>& results,
                const OpenEngines& engines, const std::vector<std::string>& command) {
  if (options.json.empty()) return;
  write_output(options.json, results_json(results, engines, command, interrupt_requested));
}

void print_cases(const std::vector<Group>& groups) {
  for (const auto& group : groups)
    for (const auto& bench_case : group.cases) std::cout << bench_case.name() << "\n";
}

int measure_only_limits(const Options& options, const std::vector<std::string>& command) {
  require_outputs(options);
  OpenEngines engines;
  int opened = 0;
  const auto threads = options.axes.threads.empty() ? std::vector<int>{0} : options.axes.threads;
  for (const auto& entry : find_devices(options.axes.engines))
    for (const int count : entry.device.is_cpu() ? threads : std::vector<int>{0})
      if (!interrupt_requested && !entry.device.external)
        opened += engines.open(entry, count).index() == 0;
  table_stream(options) << limits_table(engines) << harness_line();
  write_json(options, {}, engines, command);
  if (interrupt_requested) return exit_code::interrupted;
  if (opened > 0) return exit_code::good;
  std::cerr << "bench: no limits were measured; external engines have none, other engines' reasons "
               "are above\n";
  return exit_code::unusable;
}

int exit_code(const std::vector<GroupResult>& results) {
  if (interrupt_requested) return exit_code::interrupted;
  const Tally count = tally(results);
  if (count.failed > 0 || count.disagreeing > 0) return exit_code::failed;
  if (count.done == 0) {
    std::cerr << "bench: nothing was measured: every case was skipped\n";
    return exit_code::unusable;
  }
  return exit_code::good;
}

int measure(const Options& options, const std::vector<std::string>& command) {
  auto groups = sweep(options.axes);
  if (options.list) {
    print_cases(groups);
    return exit_code::good;
  }
  require_outputs(options);
  if (options.runs > 1 || !options.base_program.empty())
    return measure_in_fresh_processes(options, command);
  std::ostream& out = table_stream(options);
  // --max-time 0 is for a quick look.
  constexpr int enough = 10;
  OpenEngines engines(options.no_limits ? 0 : options.max_time > 0 ? enough : 1);
  std::vector<GroupResult> results;
  std::set<const Operation*> illustrated;
  ProgressBar bar(groups.size());
  for (std::size_t i = 0; i < groups.size() && !interrupt_requested; ++i) {
    const Operation* operation = groups[i].task->operation;
    groups[i].illustrated = options.wants_pictures() && !illustrated.contains(operation);
    bar.start(i, operation->name + " " + groups[i].task->suffix());
    results.push_back(
        run_group(groups[i], options, engines, [&](double fraction) { bar.update(fraction); }));
    bar.clear();
    if (std::any_of(results.back().rows.begin(), results.back().rows.end(),
                    [](const Row& row) { return row.illustration != nullptr; }))
      illustrated.insert(operation);
    out << table(results.back(), engines) << std::flush;
  }
  const Tally count = tally(results);
  out << count.done << " measured, "
      << (count.disagreeing ? std::to_string(count.disagreeing) + " of them disagree, " : "")
      << count.skipped << " skipped, " << count.failed << " failed"
      << (interrupt_requested ? "; incomplete: interrupted" : "") << "\n"
      << std::flush;
  write_json(options, results, engines, command);
  return exit_code(results);
}

}  // namespace

int run_bench(int argc, char** argv) {
  return run_program("bench", [&] {
    const auto parsed = parse_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    const auto& options = std::get<Options>(parsed);
    if (options.list_operations) {
      std::cout << operation_list(options.axes.filter.regex);
      return exit_code::good;
    }
    if (options.list_devices) {
      std::cout << device_table(find_devices(options.axes.engines));
      return exit_code::good;
    }
    heed_interrupts();
    const std::vector<std::string> command(argv, argv + argc);
    if (options.limits) return measure_only_limits(options, command);
    if (options.overlap) {
      require_outputs(options);
      return search_overlaps(options, command);
    }
    if (options.apply) {
      require_outputs(options);
      return apply_in_tiles(options, command);
    }
    return measure(options, command);
  });
}

}  // namespace voxelmark
