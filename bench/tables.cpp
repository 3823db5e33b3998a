#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/results.hpp"
#include "bench/sampling.hpp"
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

/// "±2.8%": half the width of an interval, relative to its median.
std::string half_width(const Interval& interval, double middle) {
  const double share = (interval.upper - interval.lower) / 2 / middle;
  return share < 10 ? "±" + percent(share) : "±>999%";
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

/// The columns of a group's table; some are there only where a row has something for them.
struct Columns {
  explicit Columns(const GroupResult& group) {
    for (const Row& row : group.rows)
      if (const auto* done = std::get_if<Done>(&row.outcome)) {
        cold = cold || !done->measurement.cold.empty();
        joules = joules || done->measurement.joules;
      }
    const auto insert = [&](std::size_t place, std::size_t columns) {
      widths.insert(widths.begin() + static_cast<std::ptrdiff_t>(place), columns);
      widths[0] -= columns;
    };
    if (joules) insert(5, 9);
    if (cold) insert(3, 9);
  }
  bool cold = false, joules = false;
  std::vector<std::size_t> widths{38, 9, 7, 7, 7, 8, 8, 9, 9, 9, 9};
};

std::string title_line(const GroupResult& group, const Columns& columns) {
  std::vector<std::string> titles{"ms",       "CI",      "GB/s",     "copy",
                                  "push ms",  "pull ms", "first ms", error_title(group),
                                  "speed-up", "w/trans."};
  if (columns.joules) titles.insert(titles.begin() + 4, "joules");
  if (columns.cold) titles.insert(titles.begin() + 2, "cold ms");
  return line("  engine:device", titles, columns.widths);
}

std::string done_line(const Row& row, const Done& done, const Row* best, const OpenEngines& engines,
                      const Columns& columns) {
  const Measurement& m = done.measurement;
  const double seconds = compute_seconds(m);
  const Interval interval = median_interval(m.wall);
  const double rate = m.cost.bytes / seconds;
  const Limits* limits = limits_of(row.bench_case, engines);
  std::vector<std::string> cells{significant(1e3 * seconds, 4), half_width(interval, seconds)};
  if (columns.cold) cells.push_back(milliseconds(m.cold));
  cells.push_back(rate < 1e7 ? "<0.01" : significant(rate / 1e9, 3));
  cells.push_back(limits ? percent(rate / limits->copy_bytes_per_second) : "-");
  if (columns.joules) cells.push_back(m.joules ? significant(*m.joules, 3) : "-");
  for (const auto& cell :
       {milliseconds(m.upload), milliseconds(m.download), significant(1e3 * m.prepare, 3)})
    cells.push_back(cell);
  cells.push_back(done.comparison.is_reference ? "is ref." : error_cell(done.comparison));
  if (best && is_verified(done)) {
    const Measurement& base = std::get<Done>(best->outcome).measurement;
    cells.push_back(times(compute_seconds(base) / seconds));
    cells.push_back(times(total_seconds(base) / total_seconds(m)));
  }
  return line(row.bench_case.engine_label(), cells, columns.widths);
}

/// `remark` of each finished row that has one, the rows' names in front; rows that share a remark
/// stand together.
template <class Remark>
std::string rows_with(const GroupResult& group, const Remark& remark) {
  std::vector<std::pair<std::string, std::vector<std::string>>> labels_of;
  for (const auto& row : group.rows) {
    const auto* done = std::get_if<Done>(&row.outcome);
    const std::string text = done ? remark(done->measurement) : "";
    if (text.empty()) continue;
    const auto known = std::find_if(labels_of.begin(), labels_of.end(),
                                    [&](const auto& pair) { return pair.first == text; });
    auto& labels = known != labels_of.end() ? *known : labels_of.emplace_back(text, 0);
    labels.second.push_back(row.bench_case.engine_label());
  }
  std::vector<std::string> parts;
  for (const auto& [text, labels] : labels_of) parts.push_back(join(labels, ", ") + ": " + text);
  return join(parts, "; ");
}

/// What has to be known of a group's figures, a line each.
std::string notes(const GroupResult& group) {
  std::string text;
  const auto add = [&](const std::string& lead, const std::string& words) {
    if (!words.empty()) text += folded("  note: ", lead + words, "  ");
  };
  add("the protocol's own cost a call, not in the times: ",
      rows_with(group, [](const Measurement& m) {
        return m.round_trip.empty() ? "" : significant(1e6 * protocol_seconds(m), 2) + " µs";
      }));
  add("while measuring, ", rows_with(group, disturbance_text));
  add("no cold figure of ", rows_with(group, [](const Measurement& m) { return m.no_cold; }));
  add("no joules of ", rows_with(group, [](const Measurement& m) { return m.no_joules; }));
  return text;
}

/// What the tiles of a row cost, and did to its result.
std::string tiling_text(const TilingOutcome& outcome, int dims) {
  const Tiles& t = outcome.tiles;
  std::string text = counted(t.tiles.size(), "tile") + ", which read " +
                     significant(t.read_ratio(), 3) + " times the image (" +
                     significant(t.inner_read_ratio(), 3) + " inside); overlap " +
                     to_string(t.overlap, dims);
  if (t.per_tile == PerTile::no)
    text += " of " + to_string(t.needed, dims) + " needed";
  else
    text += ", each on its own";
  if (!outcome.reason.empty()) text += "; as a whole the image " + outcome.reason;
  if (outcome.objects)
    text += "; " + counted(static_cast<std::size_t>(outcome.objects->in_tiles), "object") +
            ", uncut " + std::to_string(outcome.objects->uncut);
  if (!outcome.errors) return text;
  const SeamErrors& errors = *outcome.errors;
  if (errors.differing == 0) return text + "; equal to the uncut result";
  return text + "; " + std::to_string(errors.differing) +
         " voxels differ from the uncut result, by up to " + significant(errors.largest, 3) +
         " and in all " + significant(errors.sum, 3) + " grey levels, as far as " +
         std::to_string(errors.reach()) + " voxels from a seam";
}

}  // namespace

std::string table(const GroupResult& group, const OpenEngines& engines) {
  std::string head = group.task->operation->name + "  " + group.task->suffix();
  if (!group.check.empty()) head += "  (" + group.check + ")";
  std::string text = folded("", head, "  ");
  if (!group.task->note.empty()) text += folded("  note: ", group.task->note, "  ");
  const Columns columns(group);
  text += title_line(group, columns);
  const Row* best = best_cpu_row(group.rows);
  for (const auto& row : group.rows) {
    if (const auto* done = std::get_if<Done>(&row.outcome)) {
      text += done_line(row, *done, best, engines, columns);
      for (const auto& [lead, words] :
           {std::pair{"    ", &done->disagreement}, {"    its definition: ", &done->difference}})
        if (!words->empty()) text += folded(lead, *words, "      ");
      if (done->tiling)
        text += folded("    ", tiling_text(*done->tiling, group.task->operation->dims), "      ");
    } else if (const auto* skip = std::get_if<Skip>(&row.outcome)) {
      text += folded(row.bench_case.engine_label() + "  skipped: ", skip->reason, "    ");
    } else {
      text +=
          folded(row.bench_case.engine_label() + "  FAILED: ", std::get<Failed>(row.outcome).reason,
                 "    ");
    }
  }
  return text + notes(group) + "\n";
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
    if (d.last_level_cache)
      text += ", last-level cache " + human_bytes(static_cast<double>(d.last_level_cache));
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

std::string harness_line() {
  const HarnessCost cost = measure_harness_cost();
  const auto microseconds = [](double seconds) { return significant(1e6 * seconds, 2) + " µs"; };
  return folded("",
                "A plan that does nothing reads " + microseconds(cost.no_op) + "; " +
                    microseconds(cost.outside) +
                    " of each sample lie outside the clock, which is 5 % beside a plan of " +
                    microseconds(19 * cost.outside) + ".",
                "");
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
