#include "bench/program.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "bench/apply_command.hpp"
#include "bench/finished_groups.hpp"
#include "bench/fresh_processes.hpp"
#include "bench/options.hpp"
#include "bench/overlap_command.hpp"
#include "bench/progress_bar.hpp"
#include "bench/ranks.hpp"
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

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
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
  write_output(options.json, results_json({}, engines, command, interrupt_requested));
  if (interrupt_requested) return exit_code::interrupted;
  if (opened > 0) return exit_code::good;
  std::cerr << "bench: no limits were measured; external engines have none, other engines' reasons "
               "are above\n";
  return exit_code::unusable;
}

int exit_code(const Tally& count, bool interrupted) {
  if (interrupted) return exit_code::interrupted;
  if (count.failed > 0 || count.disagreeing > 0) return exit_code::failed;
  if (count.done == 0) {
    std::cerr << "bench: nothing was measured: every case was skipped\n";
    return exit_code::unusable;
  }
  return exit_code::good;
}

/// The same cases on all ranks, of rank 0's default sizes, or those of the run to go on with.
nlohmann::json agree_on_cases(Ranks& ranks, std::vector<Group>& groups, const Options& options) {
  const std::string theirs = ranks.broadcast(ranks.together([&] {
    if (!ranks.first()) return std::string();
    return (options.resume ? part_key(options.json) : sweep_key(groups, options)).dump();
  }));
  return ranks.together([&] {
    adopt_sizes(groups, nlohmann::json::parse(theirs));
    nlohmann::json key = sweep_key(groups, options);
    if (!options.resume && key.dump() != theirs)
      throw BadInput("rank " + std::to_string(ranks.rank()) + " on " + host_name() +
                     " finds other cases than rank 0, or is another bench; choose an --engine and "
                     "a --device that all hosts have");
    return key;
  });
}

/// Whether a case came to no result: a device that was lost, say. It may, another time.
bool is_broken(const GroupResult& result) {
  return std::any_of(result.rows.begin(), result.rows.end(), [](const Row& row) {
    const auto* failed = std::get_if<Failed>(&row.outcome);
    return failed && !failed->disagrees;
  });
}

/// Measures this rank's share of the groups that are not finished, which it adds to them.
void measure_share(const std::vector<Group>& all, const std::vector<std::size_t>& missing,
                   const Options& options, const std::vector<std::string>& command, Ranks& ranks,
                   PartFile& part, FinishedGroups& finished) {
  // --max-time 0 is for a quick look.
  constexpr int enough = 10;
  OpenEngines engines(options.no_limits ? 0 : options.max_time > 0 ? enough : 1);
  std::set<const Operation*> illustrated;
  ProgressBar bar(missing.size());
  const bool alone = ranks.size() == 1;
  std::size_t told = 0;
  // In the sweep's order, those of an earlier run among them.
  const auto tell_before = [&](std::size_t index) {
    for (; alone && told < index; ++told)
      if (const auto found = finished.find(told); found != finished.end())
        table_stream(options) << found->second.table << std::flush;
  };
  for (std::size_t k = 0; k < missing.size() && !interrupt_requested; ++k) {
    if (static_cast<int>(k % static_cast<std::size_t>(ranks.size())) != ranks.rank()) continue;
    Group group = all[missing[k]];
    tell_before(missing[k]);
    const Operation* operation = group.task->operation;
    group.illustrated = options.wants_pictures() && !illustrated.contains(operation);
    bar.start(k, operation->name + " " + group.task->suffix());
    const GroupResult result =
        run_group(group, options, engines, [&](double fraction) { bar.update(fraction); });
    bar.clear();
    if (std::any_of(result.rows.begin(), result.rows.end(),
                    [](const Row& row) { return row.illustration != nullptr; }))
      illustrated.insert(operation);
    FinishedGroup done{missing[k], tally({result}), is_broken(result), table(result, engines), {}};
    if (!options.json.empty())
      done.document =
          nlohmann::json::parse(results_json({result}, engines, command, interrupt_requested));
    if (!alone) {
      const std::string where = "rank " + std::to_string(ranks.rank()) + " on " + host_name();
      done.table += "  measured by " + where + "\n";
      if (!done.document.is_null())
        for (auto& row : done.document["benchmarks"])
          if (row.contains("voxelmark"))
            row["voxelmark"].update({{"rank", ranks.rank()}, {"host", host_name()}});
    }
    if (!interrupt_requested) part.add(done);
    finished.insert_or_assign(missing[k], std::move(done));
  }
  tell_before(all.size());
}

/// All groups of all ranks, on rank 0.
void gather_groups(Ranks& ranks, FinishedGroups& finished) {
  if (ranks.size() == 1) return;
  std::string mine;
  if (!ranks.first())
    for (const auto& [index, group] : finished) mine += group.text();
  for (const std::string& text : ranks.gather(mine)) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      FinishedGroup group = FinishedGroup::from(line);
      finished.insert_or_assign(group.index, std::move(group));
    }
  }
}

int measure(const Options& options, const std::vector<std::string>& command, Ranks& ranks) {
  auto groups = ranks.together([&] { return sweep(options.axes); });
  if (options.runs > 1 || !options.base_program.empty()) {
    if (options.list) {
      print_cases(groups);
      return exit_code::good;
    }
    require_outputs(options);
    return measure_in_fresh_processes(options, command);
  }
  const auto key = agree_on_cases(ranks, groups, options);
  if (options.list) {
    print_cases(groups);
    return exit_code::good;
  }
  FinishedGroups finished;
  const std::string missing_text = ranks.broadcast(ranks.together([&] {
    require_outputs(options);
    if (!ranks.first()) return std::string();
    if (options.resume)
      finished = take_over_parts(options.json, key);
    else
      remove_parts(options.json);
    auto missing = nlohmann::json::array();
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (!finished.contains(i)) missing.push_back(i);
    return missing.dump();
  }));
  const std::vector<std::size_t> missing = nlohmann::json::parse(missing_text);
  PartFile part(options.json, ranks.rank(), key);
  ranks.together([&] { measure_share(groups, missing, options, command, ranks, part, finished); });
  gather_groups(ranks, finished);
  const bool interrupted = ranks.greatest({interrupt_requested ? 1.0 : 0.0})[0] > 0;
  return ranks.together([&] {
    if (!ranks.first()) return interrupted ? exit_code::interrupted : exit_code::good;
    std::ostream& out = table_stream(options);
    Tally count;
    bool broken = false;
    for (const auto& [index, group] : finished) {
      broken |= group.broken;
      if (ranks.size() > 1) out << group.table;
      count.done += group.tally.done;
      count.disagreeing += group.tally.disagreeing;
      count.skipped += group.tally.skipped;
      count.failed += group.tally.failed;
    }
    out << count.done << " measured, "
        << (count.disagreeing ? std::to_string(count.disagreeing) + " of them disagree, " : "")
        << count.skipped << " skipped, " << count.failed << " failed"
        << (interrupted ? "; incomplete: interrupted" : "") << "\n"
        << std::flush;
    if ((interrupted || broken) && has_parts(options.json))
      std::cerr << "bench: --resume " << options.json << " goes on\n";
    if (options.json.empty()) return exit_code(count, interrupted);
    const auto whole = merged_groups(
        nlohmann::json::parse(results_json({}, OpenEngines(0), command, interrupted)), finished);
    write_output(options.json,
                 whole.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    if (!interrupted && !broken) remove_parts(options.json);
    return exit_code(count, interrupted);
  });
}

}  // namespace

int run_bench(int argc, char** argv) {
  Ranks ranks;
  return ranks.run("bench", [&] {
    const auto parsed = ranks.together([&] { return parse_command_line(argc, argv); });
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
      ranks.together([&] { require_outputs(options); });
      return apply_in_tiles(options, command, ranks);
    }
    return measure(options, command, ranks);
  });
}

}  // namespace voxelmark
