#include "bench/overlap_command.hpp"

#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/inputs.hpp"
#include "bench/overlap_search.hpp"
#include "bench/sweep.hpp"
#include "build_info.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;

std::string image_name(const Source& source) {
  if (!source.file.empty()) return source.file;
  return source.dataset + " seed " + std::to_string(source.seed);
}

/// One line of the result: the images of one operation, type, tile and engine.
struct Finding {
  Case first;
  Shape tile;
  Reach reach{0, 0, 0};
  bool exact = true;     ///< on all images
  bool suffices = true;  ///< within the tolerance at the reach
  std::vector<std::pair<std::string, std::optional<std::int64_t>>> observed{};

  bool same_but_image(const Case& other, const Shape& other_tile) const {
    const Task &a = *first.task, &b = *other.task;
    return a.operation == b.operation && a.dtype == b.dtype && tile == other_tile &&
           a.parameters.text(a.operation->dims) == b.parameters.text(b.operation->dims) &&
           first.engine_label() == other.engine_label();
  }
};

void add(std::vector<Finding>& findings, const Case& found, const Shape& tile,
         const NeededOverlap& needed) {
  auto finding = std::find_if(findings.begin(), findings.end(),
                              [&](const Finding& f) { return f.same_but_image(found, tile); });
  if (finding == findings.end()) finding = findings.insert(findings.end(), {found, tile});
  const Reach &a = finding->reach, &b = needed.reach;
  finding->reach = {std::max(a.x, b.x), std::max(a.y, b.y), std::max(a.z, b.z)};
  finding->exact = finding->exact && needed.exact;
  finding->suffices = finding->suffices && needed.observed.has_value();
  finding->observed.emplace_back(image_name(found.task->source) + " " +
                                     to_string(found.task->shape, found.task->operation->dims),
                                 needed.observed);
}

std::string line(const Finding& finding) {
  const Task& task = *finding.first.task;
  const int dims = task.operation->dims;
  std::string text = task.operation->name;
  for (const auto& part : {task.parameters.text(dims), to_string(task.dtype)})
    if (!part.empty()) text += "/" + part;
  std::vector<std::string> images;
  for (const auto& [name, observed] : finding.observed)
    images.push_back((observed ? std::to_string(*observed) : "more than the reach") + " on " +
                     name);
  return folded(text + "  " + finding.first.engine_label() + ", tiles of " +
                    to_string(finding.tile, dims) + ": ",
                "reach " + to_string(finding.reach, dims) +
                    (finding.exact      ? ", exact at it"
                     : finding.suffices ? ", within the tolerance at it"
                                        : ", NOT ENOUGH") +
                    "; needed " + join(images, ", "),
                "  ", 120);
}

json finding_json(const Finding& finding) {
  const Task& task = *finding.first.task;
  const auto axes = [](const Shape& s) { return json{s.x, s.y, s.z}; };
  json object{{"operation", task.operation->name},
              {"parameters", task.parameters.text(task.operation->dims)},
              {"dtype", to_string(task.dtype)},
              {"device_id", finding.first.entry.device.id},
              {"tile", axes(finding.tile)},
              {"reach", std::max({finding.reach.x, finding.reach.y, finding.reach.z})},
              {"reach_along_axes", axes(finding.reach)},
              {"exact", finding.exact},
              {"observed", json::object()}};
  for (const auto& [image, observed] : finding.observed)
    object["observed"][image] = observed ? json(*observed) : json();
  return object;
}

/// Tiles of 32 voxels, of which the lectures' examples are, or those that are asked for.
std::vector<Shape> tiles_for(const Axes& axes, int dims) {
  if (axes.tiles.empty()) return {Shape{32, 32, dims == 3 ? 32 : 1}};
  std::vector<Shape> tiles;
  for (const auto& tile : axes.tiles)
    if (const auto shape = tile.shape(dims, 1)) tiles.push_back(*shape);
  return tiles;
}

}  // namespace

int search_overlaps(const Options& options, const std::vector<std::string>& command) {
  Axes axes = options.axes;
  if (axes.engines.names.empty()) axes.engines.names = {"tbb"};
  axes.tiles.clear();  // the sweep's cases are uncut
  std::ostream& out = options.json == "-" ? std::cerr : std::cout;
  OpenEngines engines(0);
  std::vector<Finding> findings;
  std::set<std::string> reasons;
  try {
    for (const Group& group : sweep(axes)) {
      const Task& task = *group.task;
      const auto images = load_inputs(task);
      if (!task.operation->takes_non_finite &&
          range_of_images(*task.operation, pointers_to(images)).non_finite > 0) {
        reasons.insert(task.operation->name + " is not defined on NaN or infinity");
        continue;
      }
      for (const Case& found : group.cases)
        for (const Shape& tile : tiles_for(options.axes, task.operation->dims)) {
          const auto opened = engines.open(found.entry, found.threads);
          const auto needed =
              opened.index() == 0
                  ? find_overlap(*std::get<OpenEngines::Opened*>(opened)->engine, *task.operation,
                                 task.parameters, images, tile, options.tolerance)
                  : std::get<Skip>(opened);
          if (const auto* skip = std::get_if<Skip>(&needed))
            reasons.insert(skip->reason);
          else
            add(findings, found, tile, std::get<NeededOverlap>(needed));
        }
    }
  } catch (const Interrupted&) {
    // What was found before is kept.
  }
  bool suffice = true;
  json list = json::array();
  for (const Finding& finding : findings) {
    out << line(finding);
    list.push_back(finding_json(finding));
    suffice = suffice && finding.suffices;
  }
  for (const auto& reason : reasons) out << folded("skipped: ", reason, "  ", 120);
  if (!options.json.empty() && !findings.empty())
    write_output(options.json, json{{"version", build_info::version},
                                    {"command", command},
                                    {"tolerance", options.tolerance},
                                    {"incomplete", interrupt_requested.load()},
                                    {"overlaps", list}}
                                       .dump(1) +
                                   "\n");
  if (interrupt_requested) return exit_code::interrupted;
  if (findings.empty()) {
    std::cerr << "bench: no operation that --filter leaves works in tiles; the reasons are above\n";
    return exit_code::unusable;
  }
  return suffice ? exit_code::good : exit_code::failed;
}

}  // namespace voxelmark
