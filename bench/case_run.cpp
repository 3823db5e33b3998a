#include "bench/case_run.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bench/energy.hpp"
#include "bench/inputs.hpp"
#include "bench/runner.hpp"
#include "bench/sampling.hpp"
#include "bench/statistics.hpp"
#include "datasets/csv.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/clock.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark {

namespace {

constexpr std::size_t block_size = 5, fewest_samples = 10, fewest_when_time_is_up = 3;
constexpr double warm_up_seconds = 0.02, precise_enough = 0.02;

/// Of labels without gaps.
std::int64_t objects_in(const Image& labels) {
  const auto pixels = labels.pixels<std::uint32_t>();
  return *std::max_element(pixels.begin(), pixels.end());
}

}  // namespace

std::string result_file_name(const Case& bench_case) {
  std::string name = bench_case.name();
  for (char& c : name)
    if (c == '/' || c == ':' || c == '#') c = '_';
  return name + (bench_case.task->operation->gives_table() ? ".csv" : ".tif");
}

CaseRun::CaseRun(const Case& bench_case, const Checker& checker, const Options& options,
                 bool illustrated)
    : case_(bench_case), checker_(checker), options_(options), illustrated_(illustrated) {}

void CaseRun::end(Outcome outcome) {
  outcome_ = std::move(outcome);
  running_ = false;
}

void CaseRun::set_up(OpenEngines& engines) {
  try {
    const auto opened = engines.open(case_.entry, case_.threads);
    if (const auto* skip = std::get_if<Skip>(&opened)) return end(*skip);
    opened_ = std::get<OpenEngines::Opened*>(opened);
    if (case_.tiling) tiled_ = std::make_unique<TiledEngine>(*opened_->engine, *case_.tiling);
    if (prepare_or_cut()) check_first_result();
  } catch (...) {
    end(outcome_of_exception());
  }
}

Engine& CaseRun::engine() const { return tiled_ ? *tiled_ : *opened_->engine; }

bool CaseRun::has_artefacts() const { return tiling_ && !tiling_->tiles.exact(); }

/// Whether the engine does it.
bool CaseRun::prepare() {
  const Task& task = *case_.task;
  Engine& engine = this->engine();
  engine.reset_peak();
  const std::size_t before = engine.bytes_in_use();
  const std::int64_t labels = checker_.largest_label();
  auto made = make_execution(engine, *task.operation, task.parameters,
                             pointers_to(checker_.inputs()), labels);
  if (const auto* skip = std::get_if<Skip>(&made)) {
    end(*skip);
    return false;
  }
  execution_ = std::get<Execution>(std::move(made));
  if (tiled_) tiling_ = TilingOutcome{tiled_->tiles(), tiled_->lanes(), {}};
  measurement_.prepare = execution_.prepare_seconds;
  measurement_.peak_device_bytes = engine.peak_bytes() - before;
  measurement_.cost = task.operation->cost(task.parameters, task.shape, task.dtype, labels);
  result_ =
      Image(execution_.output->shape(), execution_.output->dtype(), checker_.inputs()[0].spacing());
  return true;
}

bool CaseRun::prepare_or_cut() {
  try {
    return prepare();
  } catch (const TooLarge& error) {
    if (case_.tiling || case_.entry.device.external) throw;
    for (auto tile = halved(case_.task->shape); tile; tile = halved(*tile)) {
      if (interrupt_requested) throw Interrupted();
      tiled_ = std::make_unique<TiledEngine>(*opened_->engine, Tiling{*tile});
      try {
        if (!prepare()) break;
        tiling_->reason = error.what();
        return true;
      } catch (const TooLarge&) {
        tiled_.reset();
      }
    }
    throw;  // tiles are of no help
  }
}

// Poison shows a plan that leaves voxels unwritten, or reads scratch that it did not write. The
// first poison is NaN in float32, the second another value: an image of either would pass one of
// the two only.
Comparison CaseRun::run_poisoned(std::uint8_t poison, bool timed) {
  if (interrupt_requested) throw Interrupted();
  execution_.poison(poison);
  if (timed)
    take_samples(
        execution_, 1, [](double) { return true; }, case_.entry.device.external, measurement_);
  else
    execution_.run();
  execution_.download(result_);
  return checker_.compare(result_);
}

void CaseRun::check_first_result() {
  comparison_ = run_poisoned(0xff, false);
  comparison_.is_reference = case_.entry.device.is_reference() && !tiled_;
  if (!options_.save.empty()) save_result();
  if (tiled_) compare_with_uncut();
  // What is sampled is no image, and a table is none either.
  if (illustrated_ && !comparison_.is_reference && checker_.check() == Check::full &&
      !case_.task->operation->gives_table())
    illustration_ = std::make_shared<Illustration>(
        illustrate(checker_.inputs()[0], checker_.expected(), result_));
  // Another system's result is another one by its definition: how fast it is, is asked all the
  // same.
  if (!agrees(comparison_) && !has_artefacts()) {
    disagreement_ = explain_disagreement(comparison_, result_.shape());
    if (!case_.entry.device.external) return end(Failed{disagreement_, true});
  }
  measure_transfers();
  profiling_stream_ = engine().stream(true);
  disturbance_ = DisturbanceMeter(opened_->gpu);
  prepare_cold();
  probe_before_ = opened_->engine->arithmetic_probe().seconds;
  running_ = true;
}

void CaseRun::save_result() const {
  const auto path = std::filesystem::path(options_.save) / result_file_name(case_);
  if (case_.task->operation->gives_table())
    write_csv(path, case_.task->operation->columns, result_);
  else
    write_tiff(path, result_);
}

void CaseRun::compare_with_uncut() {
  const Task& task = *case_.task;
  try {
    const auto uncut =
        run_on(*opened_->engine, *task.operation, task.parameters, pointers_to(checker_.inputs()));
    const auto* image = std::get_if<Image>(&uncut);
    if (!image) return;
    if (tiling_->tiles.per_tile != PerTile::no && image->dtype() == DType::u32) {
      tiling_->objects = {objects_in(result_), objects_in(*image)};
      return;
    }
    const bool table = task.operation->gives_table();
    tiling_->errors =
        seam_errors(*image, result_, table ? std::vector<Tile>{} : tiling_->tiles.tiles);
    if (options_.wants_pictures() && !table) tiling_->difference = difference_map(*image, result_);
  } catch (const TooLarge&) {
    // What only tiles make fit has no other result to compare with.
  }
}

void CaseRun::measure_transfers() {
  // A transfer has none of its own beside it.
  if (engine().device().host_memory || case_.task->operation->is_transfer) return;
  for (std::size_t i = 0; i < block_size; ++i) {
    measurement_.upload.push_back(timed(*execution_.stream, [&] {
      for (std::size_t k = 0; k < execution_.inputs.size(); ++k)
        execution_.stream->upload(checker_.inputs()[k], *execution_.inputs[k]);
      execution_.stream->sync();
    }));
    measurement_.download.push_back(
        timed(*execution_.stream, [&] { execution_.download(result_); }));
  }
}

void CaseRun::sample_device(std::size_t count) {
  if (engine().device().host_memory) return;  // has no clock of its own
  for (std::size_t i = 0; i < count && !interrupt_requested; ++i) {
    execution_.plan->enqueue(*profiling_stream_);
    const auto seconds = profiling_stream_->device_seconds();
    if (!seconds) return;
    measurement_.device.push_back(*seconds);
  }
}

// A synchronous engine has one plan in flight at the most: its throughput is its latency.
void CaseRun::sample_throughput() {
  const double latency = measurement_.wall.back();
  if (engine().device().host_memory) {
    measurement_.throughput.push_back(latency);
    return;
  }
  const int plans = static_cast<int>(std::clamp(0.01 / std::max(latency, 1e-6), 2.0, 256.0));
  const double seconds = timed(*execution_.stream, [&] {
    for (int i = 0; i < plans; ++i) execution_.plan->enqueue(*execution_.stream);
    execution_.stream->sync();
  });
  measurement_.throughput.push_back(seconds / plans);
}

double CaseRun::measure_block() {
  if (!running_ || interrupt_requested || time_is_up(0)) return 0;
  disturbance_.begin();
  const auto start = Clock::now();
  do {
    execution_.run();
  } while (seconds_since(start) < warm_up_seconds && !interrupt_requested);
  if (interrupt_requested) return 0;
  const double warm_up = seconds_since(start);
  const auto block = take_samples(
      execution_, block_size,
      [&](double seconds) { return interrupt_requested || time_is_up(warm_up + seconds); },
      case_.entry.device.external, measurement_);
  sample_device(block.size());
  sample_throughput();
  spent_ += seconds_since(start);
  sample_cold(block.size());
  disturbance_.end();
  return median(block);
}

void CaseRun::prepare_cold() {
  if (!options_.flush) return;
  if (case_.entry.device.external) {
    measurement_.no_cold = "the caches of another process's work are not emptied";
    return;
  }
  if (tiled_) {
    measurement_.no_cold = "work in tiles is not measured with emptied caches";
    return;
  }
  try {
    if (!opened_->flush) opened_->flush = std::make_unique<CacheFlush>(*opened_->engine);
  } catch (const std::exception& error) {
    measurement_.no_cold = error.what();
  }
}

// Emptying the caches takes longer than most plans: it has a time limit of its own, so that the
// warm samples are as many as without it.
void CaseRun::sample_cold(std::size_t count) {
  if (!options_.flush || !measurement_.no_cold.empty()) return;
  const auto start = Clock::now();
  const auto time_is_up = [&] {
    return interrupt_requested || (spent_cold_ + seconds_since(start) >= options_.max_time &&
                                   measurement_.cold.size() >= fewest_when_time_is_up);
  };
  const bool has_clock = !measurement_.device.empty();
  for (std::size_t i = 0; i < count && !time_is_up(); ++i) {
    opened_->flush->run(*execution_.stream);
    measurement_.cold.push_back(timed(*execution_.stream, [&] { execution_.run(); }));
    if (!has_clock) continue;
    opened_->flush->run(*execution_.stream);
    execution_.plan->enqueue(*profiling_stream_);
    measurement_.cold_device.push_back(profiling_stream_->device_seconds().value_or(0));
  }
  spent_cold_ += seconds_since(start);
}

void CaseRun::measure_energy() {
  if (!options_.energy) return;
  auto counter = case_.entry.device.external
                     ? std::nullopt
                     : EnergyCounter::find(case_.entry.device, opened_->gpu);
  if (!counter) {
    measurement_.no_joules = "there is no energy counter that this program may read";
    return;
  }
  try {
    measurement_.joules = joules_per_call(*counter, [&] {
      if (interrupt_requested) throw Interrupted();
      execution_.run();
    });
    if (!measurement_.joules) measurement_.no_joules = "the energy counter stands still";
  } catch (const Interrupted&) {
    // What was sampled before is kept.
  }
}

bool CaseRun::precise() const {
  if (samples() < fewest_samples) return false;
  const Interval interval = median_interval(measurement_.wall);
  return (interval.upper - interval.lower) / 2 <= precise_enough * median(measurement_.wall);
}

bool CaseRun::time_is_up(double running) const {
  return spent_ + running >= options_.max_time && samples() >= fewest_when_time_is_up;
}

bool CaseRun::wants_more() const {
  return running_ && !interrupt_requested && !time_is_up(0) && !precise();
}

void CaseRun::finish() {
  if (!running_) return;
  if (samples() == 0) return end(Skip{"interrupted"});
  // Not asked again after the last run: what was too wide at every look may be narrow by then.
  measurement_.precise = !interrupt_requested && !time_is_up(0) && precise();
  try {
    measurement_.disturbance = case_.entry.device.external ? Disturbance{} : disturbance_.result();
    if (!interrupt_requested) {
      measure_energy();
      const Comparison last = run_poisoned(0xa5, true);
      if (!agrees(last) && disagreement_.empty() && !has_artefacts())
        return end(
            Failed{"the last timed run " + explain_disagreement(last, result_.shape()), true});
      if (probe_before_ > 0)
        measurement_.clock_drift = opened_->engine->arithmetic_probe().seconds / probe_before_ - 1;
    }
    if (tiled_) tiling_->stages = tiled_->stages();
    end(Done{measurement_, comparison_, execution_.plan->difference(), disagreement_, tiling_});
  } catch (...) {
    end(outcome_of_exception());
  }
}

}  // namespace voxelmark
