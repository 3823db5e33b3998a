#include "bench/runner.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

#include "bench/case_run.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

using Runs = std::vector<std::unique_ptr<CaseRun>>;

/// Results are kept in the runs: Google Benchmark's own report of them is not needed.
class QuietReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

void block(benchmark::State& state, CaseRun& run) {
  for (auto _ : state) {
    try {
      state.SetIterationTime(run.measure_block());
    } catch (const Interrupted&) {
      // What was sampled before is kept.
    } catch (...) {
      // An exception that left this function would end the whole sweep.
      run.end(outcome_of_exception());
    }
  }
}

/// Random interleaving is offered as a command-line flag only.
void initialize_once() {
  static const bool done = [] {
    // The library keeps a pointer to the program's name.
    static std::string program = "bench",
                       interleave = "--benchmark_enable_random_interleaving=true";
    char* arguments[]{program.data(), interleave.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    return true;
  }();
  (void)done;
}

/// `blocks` more blocks of every run that wants them.
void run_round(const Runs& runs, int blocks) {
  initialize_once();
  benchmark::ClearRegisteredBenchmarks();
  for (const auto& run : runs)
    if (run->wants_more())
      benchmark::RegisterBenchmark(run->row().bench_case.name().c_str(),
                                   [&run = *run](benchmark::State& state) { block(state, run); })
          ->UseManualTime()
          ->Iterations(1)
          ->Repetitions(blocks);
  QuietReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::ClearRegisteredBenchmarks();
}

std::string describe_check(const Checker& checker) {
  if (checker.check() == Check::none) return "not compared with the reference";
  return "reference " + significant(checker.reference_seconds(), 2) + " s, " +
         (checker.check() == Check::full ? "all " : "a sample of ") +
         std::to_string(checker.voxels_checked()) + " voxels compared";
}

GroupResult all_rows(const Group& group, const Outcome& outcome) {
  GroupResult result{group.task, {}, ""};
  for (const auto& bench_case : group.cases) result.rows.push_back({bench_case, outcome});
  return result;
}

}  // namespace

GroupResult run_group(const Group& group, const Options& options, OpenEngines& engines,
                      const Progress& progress) {
  std::optional<Checker> checker;
  try {
    checker.emplace(*group.task, options.check);
  } catch (...) {
    return all_rows(group, outcome_of_exception());
  }

  Runs runs;
  for (const auto& bench_case : group.cases)
    runs.push_back(std::make_unique<CaseRun>(bench_case, *checker, options, group.illustrated));
  for (std::size_t i = 0; i < runs.size() && !interrupt_requested; ++i) {
    runs[i]->set_up(engines);
    progress(0.5 * static_cast<double>(i + 1) / static_cast<double>(runs.size()));
  }

  // Samples double from round to round: the stopping rule is asked at n = 10, 20, 40, …
  const auto wanting = [&] {
    return std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run->wants_more(); });
  };
  for (int blocks = 2, round = 0; wanting(); ++round) {
    run_round(runs, blocks);
    if (round > 0) blocks *= 2;
    progress(1 - 0.5 / (round + 2));
  }
  for (const auto& run : runs) run->finish();

  GroupResult result{group.task, {}, describe_check(*checker)};
  for (const auto& run : runs) result.rows.push_back(run->row());
  return result;
}

}  // namespace voxelmark
