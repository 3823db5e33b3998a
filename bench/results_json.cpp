#include <benchmark/benchmark.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/agreement_figures.hpp"
#include "bench/picture_store.hpp"
#include "bench/results.hpp"
#include "bench/sampling.hpp"
#include "bench/statistics.hpp"
#include "build_info.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/result_schema.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;
using Run = benchmark::BenchmarkReporter::Run;

/// Counters are numbers; a figure that is undefined has none.
void add_counter(Run& run, const char* name, double value) {
  if (std::isfinite(value)) run.counters[name] = benchmark::Counter(value);
}

/// Google Benchmark 1.7 and 1.8 name the same thing differently.
template <class AnyRun>
void mark_without_result(AnyRun& run, const std::string& message) {
  if constexpr (requires { run.error_occurred; }) {
    run.error_occurred = true;
    run.error_message = message;
  } else {
    run.skipped =
        message.starts_with("skipped") ? decltype(run.skipped)(1) : decltype(run.skipped)(2);
    run.skip_message = message;
  }
}

Run base_run(const Case& bench_case) {
  Run run;
  run.run_name.function_name = bench_case.name();
  run.family_index = run.per_family_instance_index = 0;
  run.time_unit = benchmark::kMillisecond;
  run.iterations = run.repetitions = 1;
  run.repetition_index = 0;
  run.threads = 1;
  return run;
}

void add_agreement(Run& run, const Done& done) {
  const Comparison& comparison = done.comparison;
  if (comparison.check == Check::none || comparison.is_reference) return;
  // No bound holds for what is known to have artefacts.
  const bool bounded = !done.tiling || done.tiling->tiles.exact();
  for (const Figure& figure : agreement_figures(comparison))
    if (const auto number = figure.number(); number && (bounded || figure.key != "error_allowed"))
      add_counter(run, figure.key.c_str(), *number);
}

void add_figures(Run& run, const Done& done, const Limits* limits, const Row* best) {
  const Measurement& m = done.measurement;
  const double seconds = compute_seconds(m);
  const Interval interval = median_interval(m.wall);
  add_counter(run, "median_ms", 1e3 * seconds);
  add_counter(run, "median_ci_lower_ms", 1e3 * interval.lower);
  add_counter(run, "median_ci_upper_ms", 1e3 * interval.upper);
  add_counter(run, "min_ms", 1e3 * quantile(m.wall, 0));
  add_counter(run, "p5_ms", 1e3 * quantile(m.wall, 0.05));
  add_counter(run, "p95_ms", 1e3 * quantile(m.wall, 0.95));
  add_counter(run, "samples", static_cast<double>(m.wall.size()));
  // An interrupt can leave a block without its throughput.
  if (!m.throughput.empty()) add_counter(run, "throughput_ms", 1e3 * median(m.throughput));
  add_counter(run, "prepare_ms", 1e3 * m.prepare);
  add_counter(run, "push_ms", m.upload.empty() ? 0 : 1e3 * median(m.upload));
  add_counter(run, "pull_ms", m.download.empty() ? 0 : 1e3 * median(m.download));
  if (!m.device.empty()) add_counter(run, "device_ms", 1e3 * median(m.device));
  if (!m.cold.empty()) {
    const Interval cold = median_interval(m.cold);
    add_counter(run, "cold_ms", 1e3 * median(m.cold));
    add_counter(run, "cold_ci_lower_ms", 1e3 * cold.lower);
    add_counter(run, "cold_ci_upper_ms", 1e3 * cold.upper);
  }
  if (!m.cold_device.empty()) add_counter(run, "cold_device_ms", 1e3 * median(m.cold_device));
  if (m.joules) add_counter(run, "joules", *m.joules);
  add_counter(run, "effective_bytes_per_second", m.cost.bytes / seconds);
  add_counter(run, "flops_per_second", m.cost.flops / seconds);
  if (limits)
    add_counter(run, "share_of_copy_bandwidth",
                m.cost.bytes / seconds / limits->copy_bytes_per_second);
  if (m.round_trip.empty()) {
    add_counter(run, "peak_device_bytes", static_cast<double>(m.peak_device_bytes));
  } else {
    add_counter(run, "round_trip_ms", 1e3 * median(m.round_trip));
    add_counter(run, "protocol_ms", 1e3 * protocol_seconds(m));
  }
  add_counter(run, "clock_drift", m.clock_drift);
  if (m.disturbance.others_cpu) add_counter(run, "others_cpu_share", *m.disturbance.others_cpu);
  if (m.disturbance.others_gpu) add_counter(run, "others_gpu_share", *m.disturbance.others_gpu);
  if (m.sampling > 0) add_counter(run, "harness_share", m.outside / m.sampling);
  add_agreement(run, done);
  if (best && is_verified(done)) {
    const Measurement& base = std::get<Done>(best->outcome).measurement;
    add_counter(run, "speedup", compute_seconds(base) / seconds);
    add_counter(run, "speedup_with_transfers", total_seconds(base) / total_seconds(m));
  }
}

/// A row per sample, then mean, median, stddev and cv. The figures stand in the median row.
std::vector<Run> runs_of(const Row& row, const Done& done, const Limits* limits, const Row* best) {
  const Measurement& m = done.measurement;
  Run base = base_run(row.bench_case);
  base.repetitions = static_cast<std::int64_t>(m.wall.size());
  std::vector<Run> runs;
  for (std::size_t i = 0; i < m.wall.size(); ++i) {
    Run run = base;
    run.repetition_index = static_cast<std::int64_t>(i);
    run.real_accumulated_time = m.wall[i];
    run.cpu_accumulated_time = m.cpu[i];
    runs.push_back(run);
  }
  const auto aggregate = [&](const char* name, auto statistic,
                             benchmark::StatisticUnit unit) -> Run& {
    Run run = base;
    run.run_type = Run::RT_Aggregate;
    run.aggregate_name = name;
    run.aggregate_unit = unit;
    run.iterations = base.repetitions;
    // Reports divide accumulated times by the iterations.
    const double scale = unit == benchmark::kTime ? static_cast<double>(run.iterations) : 1;
    run.real_accumulated_time = statistic(m.wall) * scale;
    run.cpu_accumulated_time = statistic(m.cpu) * scale;
    return runs.emplace_back(run);
  };
  aggregate(
      "mean", [](const auto& values) { return mean(values); }, benchmark::kTime);
  add_figures(aggregate(
                  "median", [](const auto& values) { return median(values); }, benchmark::kTime),
              done, limits, best);
  aggregate(
      "stddev", [](const auto& values) { return standard_deviation(values); }, benchmark::kTime);
  aggregate(
      "cv",
      [](const auto& values) {
        const double centre = mean(values);
        return centre > 0 ? standard_deviation(values) / centre : 0;
      },
      benchmark::kPercentage);
  return runs;
}

json axes_json(const Shape& shape) { return {shape.x, shape.y, shape.z}; }

json errors_json(const SeamErrors& errors) {
  json object{{"voxels", errors.voxels}, {"differing", errors.differing}};
  // A NaN, or an infinity, on one side only has no size.
  if (std::isfinite(errors.sum)) object.update({{"largest", errors.largest}, {"sum", errors.sum}});
  object["by_distance"] = json::array();
  for (std::int64_t d = 0; d < errors.reach(); ++d) {
    const auto& at = errors.by_distance[static_cast<std::size_t>(d)];
    json entry{{"voxels", at.voxels}, {"differing", at.differing}};
    if (std::isfinite(at.largest)) entry["largest"] = at.largest;
    object["by_distance"].push_back(entry);
  }
  return object;
}

json tiling_json(const TilingOutcome& outcome, PictureStore& pictures) {
  const Tiles& t = outcome.tiles;
  json object{{"tile", axes_json(t.tile)},
              {"overlap", axes_json(t.overlap)},
              {"needed_overlap", axes_json(t.needed)},
              {"tiles", t.tiles.size()},
              {"lanes", outcome.lanes},
              {"read_ratio", t.read_ratio()},
              {"inner_read_ratio", t.inner_read_ratio()},
              {"stages_ms",
               {{"read", 1e3 * outcome.stages.read},
                {"push", 1e3 * outcome.stages.push},
                {"compute", 1e3 * outcome.stages.compute},
                {"pull", 1e3 * outcome.stages.pull},
                {"write", 1e3 * outcome.stages.write}}}};
  if (t.per_tile != PerTile::no) object["per_tile"] = to_string(t.per_tile);
  if (!outcome.reason.empty()) object["reason"] = outcome.reason;
  if (outcome.errors) object["errors"] = errors_json(*outcome.errors);
  if (outcome.objects)
    object["objects"] = {{"in_tiles", outcome.objects->in_tiles},
                         {"uncut", outcome.objects->uncut}};
  if (outcome.difference) object["picture"] = pictures.add(*outcome.difference);
  return object;
}

/// With the tiles, which are one more thing that distinguishes a case from others.
std::string parameters_text(const Case& c) {
  const int dims = c.task->operation->dims;
  std::vector<std::string> parts;
  for (const auto& part : {c.task->parameters.text(dims), c.tiling ? c.tiling->text(dims) : ""})
    if (!part.empty()) parts.push_back(part);
  return join(parts, "/");
}

json case_json(const Row& row, PictureStore& pictures) {
  const Case& c = row.bench_case;
  const Device& device = c.entry.device;
  json object{{"kind", "operation"},
              {"task", c.task_name()},
              {"operation", c.task->operation->name},
              {"engine", device.engine},
              {"device", device.name},
              {"device_id", device.id},
              {"size", {c.task->shape.x, c.task->shape.y, c.task->shape.z}},
              {"dtype", to_string(c.task->dtype)},
              {"parameters", parameters_text(c)},
              {"threads", c.threads ? c.threads : static_cast<int>(device.compute_units)}};
  if (c.task->source.file.empty()) {
    object["dataset"] = c.task->source.dataset;
    object["seed"] = c.task->source.seed;
  } else {
    object["input"] = c.task->source.file;
    if (!c.task->source.second_file.empty()) object["second_input"] = c.task->source.second_file;
  }
  if (c.task->operation->is_transfer) object["is_transfer"] = true;
  if (!c.task->note.empty()) object["note"] = c.task->note;
  if (row.illustration) object.update(pictures.add(*row.illustration));
  if (const auto* done = std::get_if<Done>(&row.outcome)) {
    const Measurement& m = done->measurement;
    object["outcome"] = "done";
    object["check"] = to_string(done->comparison.check);
    object["is_reference"] = done->comparison.is_reference;
    object["stopped_by"] = m.precise ? "interval of the median within 2 %" : "time";
    object["clock_drifted"] = clock_drifted(m);
    object["background_load"] = m.disturbance.background_load();
    if (!m.disturbance.throttled.empty()) object["throttled"] = m.disturbance.throttled;
    if (!m.no_cold.empty()) object["no_cold"] = m.no_cold;
    if (!m.no_joules.empty()) object["no_joules"] = m.no_joules;
    if (done->tiling) {
      object["tiling"] = tiling_json(*done->tiling, pictures);
      if (!done->tiling->tiles.exact() && !agrees(done->comparison)) {
        object["disagrees"] = true;
        object["reason"] = done->tiling->tiles.per_tile == PerTile::no
                               ? "its tiles overlap by less than the operation needs"
                               : "its tiles know nothing of each other, which is another method";
      }
    }
    if (!done->difference.empty()) object["difference"] = done->difference;
    if (!done->disagreement.empty()) {
      object["disagrees"] = true;
      object["reason"] = done->disagreement;
    }
    object["device_ms"] = json::array();
    for (const double seconds : m.device) object["device_ms"].push_back(1e3 * seconds);
  } else if (const auto* skip = std::get_if<Skip>(&row.outcome)) {
    object["outcome"] = "skipped";
    object["reason"] = skip->reason;
  } else {
    object["outcome"] = "failed";
    const Failed& failed = std::get<Failed>(row.outcome);
    object["reason"] = failed.reason;
    if (failed.disagrees) object["disagrees"] = true;
  }
  return object;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

/// Share of the CPUs' time that the hypervisor gave to others since the machine started.
double steal_fraction() {
  std::istringstream fields(first_line("/proc/stat"));
  std::string cpu;
  fields >> cpu;
  double total = 0, steal = 0;
  for (int i = 0; i < 8; ++i) {
    double value = 0;
    fields >> value;
    total += value;
    if (i == 7) steal = value;
  }
  return total > 0 ? steal / total : 0;
}

json limits_json(const Limits& l) {
  json object{{"copy_bytes_per_second", l.copy_bytes_per_second},
              {"launch_seconds", l.launch_seconds},
              {"flops", l.flops}};
  if (l.push_bytes_per_second > 0) {
    object["push_bytes_per_second"] = l.push_bytes_per_second;
    object["pull_bytes_per_second"] = l.pull_bytes_per_second;
  }
  if (l.pinned_push_bytes_per_second > 0) {
    object["pinned_push_bytes_per_second"] = l.pinned_push_bytes_per_second;
    object["pinned_pull_bytes_per_second"] = l.pinned_pull_bytes_per_second;
  }
  return object;
}

json context_json(const OpenEngines& engines, const std::vector<std::string>& command,
                  bool incomplete) {
  utsname system{};
  uname(&system);
  const HarnessCost cost = measure_harness_cost();
  json context{{"schema_version", result_schema_version},
               {"runs", 1},
               {"version", build_info::version},
               {"git_revision", build_info::git_revision},
               {"compiler", build_info::compiler},
               {"flags", build_info::flags},
               {"command", command},
               {"incomplete", incomplete},
               {"kernel", std::string(system.sysname) + " " + system.release},
               {"cpu", host_device("", "").name},
               {"cpu_threads", host_threads()},
               {"cpu_smt", first_line("/sys/devices/system/cpu/smt/active") == "1"},
               {"cgroup_cpu_quota", first_line("/sys/fs/cgroup/cpu.max")},
               {"cpu_steal_fraction", steal_fraction()},
               {"no_op_seconds", cost.no_op},
               {"harness_seconds_per_sample", cost.outside},
               {"devices", json::array()}};
  for (const auto& [key, opened] : engines.all()) {
    json device{{"id", key.first}};
    if (key.second) device["threads"] = key.second;
    if (const auto* skip = std::get_if<Skip>(&opened)) {
      device["skipped"] = skip->reason;
    } else {
      const auto& found = std::get<OpenEngines::Opened>(opened);
      const auto& limits = found.limits;
      const Device& d = found.engine->device();
      device.update({
          {"name", d.name},
          {"type", d.type},
          {"driver", d.driver},
          {"platform", d.platform},
          {"memory_bytes", d.memory},
          {"largest_allocation_bytes", d.largest_allocation},
          {"local_memory_bytes", d.local_memory},
          {"last_level_cache_bytes", d.last_level_cache},
          {"compute_units", d.compute_units},
      });
      if (!d.pci_address.empty()) device["pci_address"] = d.pci_address;
      if (limits) device["limits"] = limits_json(*limits);
    }
    context["devices"].push_back(device);
  }
  return context;
}

}  // namespace

std::string results_json(const std::vector<GroupResult>& groups, const OpenEngines& engines,
                         const std::vector<std::string>& command, bool incomplete) {
  std::ostringstream text;
  benchmark::JSONReporter reporter;
  reporter.SetOutputStream(&text);
  reporter.SetErrorStream(&text);
  benchmark::BenchmarkReporter::Context context;
  context.name_field_width = 0;
  reporter.ReportContext(context);
  std::vector<json> details;
  PictureStore pictures;
  for (const auto& group : groups) {
    const Row* best = best_cpu_row(group.rows);
    for (const auto& row : group.rows) {
      std::vector<Run> runs;
      if (const auto* done = std::get_if<Done>(&row.outcome)) {
        const auto opened =
            engines.all().find({row.bench_case.entry.device.id, row.bench_case.threads});
        const auto& limits = std::get<OpenEngines::Opened>(opened->second).limits;
        runs = runs_of(row, *done, limits ? &*limits : nullptr, best);
      } else {
        runs.push_back(base_run(row.bench_case));
        const auto* skip = std::get_if<Skip>(&row.outcome);
        mark_without_result(runs.back(), skip ? "skipped: " + skip->reason
                                              : "failed: " + std::get<Failed>(row.outcome).reason);
      }
      reporter.ReportRuns(runs);
      for (const auto& run : runs)
        details.push_back(
            run.aggregate_name == "median" || runs.size() == 1 ? case_json(row, pictures) : json());
    }
  }
  reporter.Finalize();
  json document = json::parse(text.str());
  document["context"]["executable"] = "bench";
  document["context"]["voxelmark"] = context_json(engines, command, incomplete);
  document["context"]["voxelmark"]["pictures"] = pictures.all();
  for (std::size_t i = 0; i < details.size(); ++i)
    if (!details[i].is_null()) document["benchmarks"][i]["voxelmark"] = details[i];
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace voxelmark
