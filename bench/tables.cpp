#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/results.hpp"
#include "bench/statistics.hpp"
#include "engines/core/text.hpp"
#include "engines/operations/catalogue.hpp"

namespace voxelmark {

namespace {

constexpr std::size_t width = 120;

/// Cells of a fixed width, the first one to the left and the others to the right. A first one that
/// is too long has a line of its own.
std::string line(const std::string& first, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths) {
  std::string text = first;
  if (first.size() > widths[0])
    text += "\n" + std::string(widths[0], ' ');
  else
    text.resize(widths[0], ' ');
  for (std::size_t i = 0; i < cells.size(); ++i)
    text +=
        std::string(widths[i + 1] - std::min(widths[i + 1], columns_of(cells[i])), ' ') + cells[i];
  return text + "\n";
}

std::string times(double ratio) { return ratio < 0.001 ? "<0.001x" : significant(ratio, 3) + "x"; }

std::string percent(double fraction) {
  return fraction < 0.001 ? "<0.1%" : significant(100 * fraction, 2) + "%";
}

std::string folded(const std::string& lead, const std::string& text, const std::string& indent) {
  return voxelmark::folded(lead, text, indent, width);
}

std::string milliseconds(const std::vector<double>& seconds) {
  if (seconds.empty()) return "-";
  const double ms = 1e3 * median(seconds);
  return ms < 0.001 ? "<0.001" : significant(ms, 3);
}

const Limits* limits_of(const Case& bench_case, const OpenEngines& engines) {
  const auto found = engines.all().find({bench_case.entry.device.id, bench_case.threads});
  if (found == engines.all().end()) return nullptr;
  const auto* opened = std::get_if<OpenEngines::Opened>(&found->second);
  return opened && opened->limits ? &*opened->limits : nullptr;
}

bool judged_by_overlap(const Comparison& comparison) {
  return comparison.tolerance.min_dice > 0 && comparison.overlap;
}

/// What error_cell gives of a group's results, in which unit.
std::string error_title(const GroupResult& group) {
  if (group.task->operation->gives_table()) return "rel. err";
  for (const Row& row : group.rows)
    if (const auto* done = std::get_if<Done>(&row.outcome);
        done && judged_by_overlap(done->comparison))
      return "Dice";
  return "grey err";
}

/// The largest error, or how far two label images overlap.
std::string error_cell(const Comparison& comparison) {
  if (comparison.check == Check::none) return "-";
  if (judged_by_overlap(comparison)) return significant(comparison.overlap->dice.value_or(1), 5);
  return significant(comparison.figures.max_abs_error, 2);
}

const std::vector<std::size_t> widths{38, 9, 7, 7, 7, 8, 8, 9, 9, 9, 9};

std::string done_line(const Row& row, const Done& done, const Row* best,
                      const OpenEngines& engines) {
  const Measurement& m = done.measurement;
  const double seconds = compute_seconds(m);
  const Interval interval = median_interval(m.wall);
  const double rate = m.cost.bytes / seconds;
  const Limits* limits = limits_of(row.bench_case, engines);
  std::vector<std::string> cells{significant(1e3 * seconds, 4),
                                 "±" + percent((interval.upper - interval.lower) / 2 / seconds),
                                 rate < 1e7 ? "<0.01" : significant(rate / 1e9, 3),
                                 limits ? percent(rate / limits->copy_bytes_per_second) : "-",
                                 milliseconds(m.upload),
                                 milliseconds(m.download),
                                 significant(1e3 * m.prepare, 3)};
  const bool checked = done.comparison.check != Check::none && done.disagreement.empty();
  if (done.comparison.is_reference)
    cells.push_back("is ref.");
  else
    cells.push_back(error_cell(done.comparison));
  if (best && checked) {
    const Measurement& base = std::get<Done>(best->outcome).measurement;
    cells.push_back(times(compute_seconds(base) / seconds));
    cells.push_back(times(total_seconds(base) / total_seconds(m)));
  }
  return line(row.bench_case.engine_label(), cells, widths);
}

}  // namespace

std::string table(const GroupResult& group, const OpenEngines& engines) {
  std::string head = group.task->operation->name + "  " + group.task->suffix();
  if (!group.check.empty()) head += "  (" + group.check + ")";
  std::string text = folded("", head, "  ");
  if (!group.task->note.empty()) text += folded("  note: ", group.task->note, "  ");
  text += line("  engine:device",
               {"ms", "CI", "GB/s", "copy", "push ms", "pull ms", "first ms", error_title(group),
                "speed-up", "w/trans."},
               widths);
  const Row* best = best_cpu_row(group.rows);
  for (const auto& row : group.rows) {
    if (const auto* done = std::get_if<Done>(&row.outcome)) {
      text += done_line(row, *done, best, engines);
      for (const auto& [lead, words] :
           {std::pair{"    ", &done->disagreement}, {"    its definition: ", &done->difference}})
        if (!words->empty()) text += folded(lead, *words, "      ");
    } else if (const auto* skip = std::get_if<Skip>(&row.outcome)) {
      text += folded(row.bench_case.engine_label() + "  skipped: ", skip->reason, "    ");
    } else {
      text +=
          folded(row.bench_case.engine_label() + "  FAILED: ", std::get<Failed>(row.outcome).reason,
                 "    ");
    }
  }
  std::vector<std::string> costs;
  for (const auto& row : group.rows)
    if (const auto* done = std::get_if<Done>(&row.outcome);
        done && !done->measurement.round_trip.empty())
      costs.push_back(row.bench_case.engine_label() + " " +
                      significant(1e6 * protocol_seconds(done->measurement), 2) + " µs");
  if (!costs.empty())
    text += folded(
        "  note: ", "the protocol's own cost a call, not in the times: " + join(costs, ", "), "  ");
  std::vector<std::string> drifted;
  for (const auto& row : group.rows)
    if (const auto* done = std::get_if<Done>(&row.outcome);
        done && clock_drifted(done->measurement))
      drifted.push_back(row.bench_case.engine_label());
  if (!drifted.empty())
    text +=
        folded("  note: ", "the clock moved by more than 2 % during " + join(drifted, ", "), "  ");
  return text + "\n";
}

std::string device_table(const std::vector<EngineEntry>& entries) {
  std::string text;
  for (const auto& entry : entries) {
    const Device& d = entry.device;
    if (d.type.empty()) {
      const auto opened = entry.open(0);
      text += d.id + "\n    skipped: " + std::get<Skip>(opened).reason + "\n";
      continue;
    }
    text += d.id + "\n    " + d.name + ", " + d.type;
    // External engines tell less of their devices.
    if (d.compute_units)
      text +=
          ", " + std::to_string(d.compute_units) + (d.host_memory ? " threads" : " compute units");
    text += "\n    driver " + d.driver + (d.platform.empty() ? "" : ", " + d.platform);
    if (d.memory)
      text += "\n    memory " + human_bytes(static_cast<double>(d.memory)) +
              ", largest allocation " + human_bytes(static_cast<double>(d.largest_allocation));
    if (d.local_memory)
      text += ", local memory " + human_bytes(static_cast<double>(d.local_memory));
    text += "\n";
  }
  return text;
}

std::string limits_table(const OpenEngines& engines) {
  const std::vector<std::size_t> columns{34, 10, 11, 10, 10, 17, 17, 9};
  std::string text = line("engine:device",
                          {"copy GB/s", "launch µs", "push GB/s", "pull GB/s", "pinned push GB/s",
                           "pinned pull GB/s", "GFLOP/s"},
                          columns);
  const auto rate = [](double value) {
    return value > 0 ? significant(value / 1e9, 3) : std::string("-");
  };
  for (const auto& [key, opened] : engines.all()) {
    const std::string label =
        key.first + (key.second ? " " + std::to_string(key.second) + "t" : "");
    if (const auto* skip = std::get_if<Skip>(&opened)) {
      text += folded(label + "  skipped: ", skip->reason, "    ");
      continue;
    }
    const Limits& l = *std::get<OpenEngines::Opened>(opened).limits;
    text += line(
        label,
        {rate(l.copy_bytes_per_second),
         l.launch_seconds > 0 ? significant(1e6 * l.launch_seconds, 3) : "-",
         rate(l.push_bytes_per_second), rate(l.pull_bytes_per_second),
         rate(l.pinned_push_bytes_per_second), rate(l.pinned_pull_bytes_per_second), rate(l.flops)},
        columns);
  }
  return text;
}

namespace {

std::string role_name(Role role) {
  switch (role) {
    case Role::image:
      return "image";
    case Role::mask:
      return "mask";
    case Role::labels:
      return "labels (u32)";
  }
  throw std::logic_error("no such Role");
}

std::string names_of(const std::vector<DType>& types) {
  std::vector<std::string> names;
  for (const DType type : types) names.push_back(to_string(type));
  return join(names, ", ");
}

/// "image (u8, u16, f32)", "mask (u8) from image (u8, u16, f32)".
std::string inputs_text(const Operation& operation) {
  std::vector<std::string> inputs;
  for (const Role role : operation.inputs) inputs.push_back(role_name(role));
  std::string text = join(inputs, " and ");
  if (operation.dtypes != std::vector{DType::u32})
    text += ", of type " + names_of(operation.dtypes);
  return text;
}

std::string result_text(const Operation& operation, const Parameters& values) {
  if (operation.gives_table()) return "a table with the columns " + join(operation.columns, ", ");
  std::vector<DType> types;
  for (const DType type : operation.dtypes) types.push_back(operation.result_dtype(values, type));
  if (types == operation.dtypes) return "an image of the same type";
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return "an image of type " + names_of(types);
}

std::string parameter_text(const ParameterSpec& spec, int dims) {
  return spec.name + " = " + to_string(spec.default_value, dims) + " (" +
         (spec.choices.empty() ? std::string(spec.whole ? "whole, " : "") + shortest(spec.minimum) +
                                     " to " + shortest(spec.maximum)
                               : join(spec.choices, ", ")) +
         "): " + spec.description;
}

std::string kind_text(const Operation& operation, const Parameters& values) {
  if (operation.kind != Kind::reach) return to_string(operation.kind);
  constexpr std::int64_t large = 1024;
  const Reach reach = operation.reach(values, {large, large, operation.dims == 3 ? large : 1});
  const auto voxels = [](std::int64_t radius) {
    return radius >= large - 1 ? std::string("all") : std::to_string(radius);
  };
  return "reach: depends on " + voxels(reach.x) + ", " + voxels(reach.y) +
         (operation.dims == 3 ? ", " + voxels(reach.z) : "") + " voxels to each side along " +
         (operation.dims == 3 ? "x, y, z" : "x, y");
}

std::string cost_text(const Operation& operation, const Parameters& values) {
  const Shape shape{64, 64, operation.dims == 3 ? 64 : 1};
  const auto voxels = static_cast<double>(shape.voxels());
  const Cost cost = operation.cost(values, shape, operation.dtypes.back());
  return significant(cost.bytes / voxels, 3) + " bytes and " + significant(cost.flops / voxels, 3) +
         " arithmetic operations an input voxel of type " + to_string(operation.dtypes.back());
}

/// What is said of an operation, a line each; twins in 2D and 3D often say the same.
std::vector<std::string> facts(const Operation& operation) {
  const Parameters values(operation.parameters);
  std::vector<std::string> lines{"takes: " + inputs_text(operation),
                                 "gives: " + result_text(operation, values),
                                 "kind: " + kind_text(operation, values)};
  for (const auto& spec : operation.parameters)
    lines.push_back(parameter_text(spec, operation.dims));
  lines.push_back("cost: " + cost_text(operation, values));
  lines.push_back("tolerance: " + operation.tolerance_rule);
  if (operation.takes_non_finite) lines.push_back("NaN and infinity are allowed");
  return lines;
}

}  // namespace

std::string operation_list(const std::regex& filter) {
  std::string text =
      "# Operations\n\n" +
      folded(
          "",
          "What each operation means, as `bench --list-operations` prints it. Voxels lie at whole "
          "coordinates, x fastest; a 2D image has one slice. Parameters are float32 numbers; where "
          "one is given per axis, a single number stands for all axes. Integer results are rounded "
          "half to even and saturated. Kind and cost hold for the defaults. The tolerance is what "
          "a result may differ from the reference by; agreement.md shows the largest errors found.",
          "");
  std::vector<Operation> all;
  for (const Operation& operation : catalogue())
    if (std::regex_search(operation.name, filter)) all.push_back(operation);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Operation& operation = all[i];
    const bool twins = i + 1 < all.size() && all[i + 1].family == operation.family &&
                       all[i + 1].definition == operation.definition;
    text += "\n## " + operation.name + (twins ? ", " + all[i + 1].name : "") + "\n\n" +
            folded("", operation.definition, "") + "\n";
    const auto lines = facts(operation), other = twins ? facts(all[i + 1]) : lines;
    for (std::size_t k = 0; k < lines.size(); ++k) {
      text += folded("- ", lines[k], "  ");
      if (k < other.size() && other[k] != lines[k]) text += folded("- in 3D ", other[k], "  ");
    }
    i += twins;
  }
  return text;
}

}  // namespace voxelmark
