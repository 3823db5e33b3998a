#include "bench/sweep.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "bench/engines.hpp"
#include "bench/reference_time.hpp"
#include "datasets/generators.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "engines/operations/catalogue.hpp"

namespace voxelmark {

namespace {

/// All combinations of the given values of the operation's own parameters.
std::vector<Parameters> parameter_sets(const Operation& operation,
                                       const std::vector<ParameterAxis>& axes) {
  std::vector<Parameters> sets{Parameters(operation.parameters)};
  for (const auto& spec : operation.parameters) {
    const auto axis =
        std::find_if(axes.begin(), axes.end(), [&](const auto& a) { return a.name == spec.name; });
    if (axis == axes.end()) continue;
    std::vector<Parameters> extended;
    for (const auto& text : axis->values)
      for (auto set : sets) {
        set.set(spec.name, parse_parameter(spec, operation.dims, text));
        extended.push_back(std::move(set));
      }
    sets = std::move(extended);
  }
  return sets;
}

/// One image of the sweep before an operation is chosen.
struct Input {
  ParsedShape size;
  std::optional<DType> dtype;  ///< of a file; else the axis decides
  Source source;
  bool from_file = false;
};

std::vector<Input> inputs_from_files(const Axes& axes) {
  std::vector<Input> inputs;
  for (const auto& file : axes.inputs) {
    const Image image = read_tiff(file, axes.selection);
    Input input;
    input.size = {image.shape(), image.shape().z > 1 ? 3 : 2};
    input.dtype = image.dtype();
    input.source.file = file;
    input.source.second_file = axes.second;
    input.source.selection = axes.selection;
    input.source.label = "input:" + identifier(std::filesystem::path(file).stem().string());
    input.from_file = true;
    const auto same = std::count_if(inputs.begin(), inputs.end(), [&](const Input& other) {
      return split(other.source.label, '#')[0] == input.source.label;
    });
    if (same > 0) input.source.label += "#" + std::to_string(same);
    inputs.push_back(input);
  }
  return inputs;
}

std::vector<Input> inputs_to_generate(const Axes& axes, const std::vector<ParsedShape>& sizes) {
  const auto datasets = axes.datasets.empty() ? std::vector<std::string>{"noise"} : axes.datasets;
  const auto seeds = axes.seeds.empty() ? std::vector<std::uint64_t>{1} : axes.seeds;
  std::vector<Input> inputs;
  for (const auto& size : sizes)
    for (const auto& dataset : datasets)
      for (const auto seed : seeds) {
        Input input;
        input.size = size;
        input.source.dataset = dataset;
        input.source.seed = seed;
        std::vector<std::string> label;
        if (!axes.datasets.empty()) label.push_back(dataset);
        if (!axes.seeds.empty()) label.push_back("seed:" + std::to_string(seed));
        input.source.label = join(label, "/");
        inputs.push_back(input);
      }
  return inputs;
}

ParsedShape clij_size(int dims) {
  return {dims == 2 ? Shape{2048, 2048, 1} : Shape{1024, 1024, 32}, dims};
}

/// CLIJ's default size for the dimension, halved along x and y until the reference takes no more
/// than 10 s, or x is 64.
std::pair<Shape, std::string> default_size(const Operation& operation, const Parameters& parameters,
                                           DType dtype) {
  const Shape wanted = clij_size(operation.dims).shape;
  constexpr double longest_seconds = 10;
  Shape shape = wanted;
  const double seconds = predict_reference_seconds(operation, parameters, wanted, dtype);
  for (double left = seconds; left > longest_seconds && shape.x > 64; left /= 4) {
    shape.x /= 2;
    shape.y /= 2;
  }
  if (shape == wanted) return {shape, ""};
  return {shape, operation.name + ": " + to_string(shape, operation.dims) + " in place of " +
                     to_string(wanted, operation.dims) + ", where the reference would take about " +
                     significant(seconds, 2) + " s; --size chooses another"};
}

class Sweep {
 public:
  explicit Sweep(const Axes& axes)
      : axes_(axes),
        entries_(find_devices(axes.engines)),
        dtypes_(axes.dtypes.empty() ? std::vector<DType>{DType::f32} : axes.dtypes) {
    if (!axes.inputs.empty() &&
        !(axes.sizes.empty() && axes.datasets.empty() && axes.seeds.empty()))
      throw BadInput("--input brings its own image; leave --size, --dataset and --seed away");
    if (axes.inputs.empty())
      for (const auto& [given, name] : {std::pair{!axes.second.empty(), "--second"},
                                        std::pair{axes.selection.channel.has_value(), "--channel"},
                                        std::pair{axes.selection.frame.has_value(), "--frame"}})
        if (given) throw BadInput(std::string(name) + " goes with --input");
  }

  std::vector<Group> groups() {
    check_parameter_names();
    const bool by_default = axes_.sizes.empty() && axes_.inputs.empty();
    const auto inputs =
        !axes_.inputs.empty() ? inputs_from_files(axes_) : inputs_to_generate(axes_, axes_.sizes);
    for (const auto& operation : catalogue()) {
      if (by_default) {
        add_default(operation);
        continue;
      }
      for (const auto& input : inputs)
        if (input.size.dims == operation.dims) add(operation, input);
    }
    // A 2D image is also a stack of one slice, for a filter that leaves 3D operations alone.
    if (groups_.empty())
      for (const auto& operation : catalogue())
        for (const auto& input : inputs)
          if (input.from_file && input.size.dims == 2 && operation.dims == 3) add(operation, input);
    if (groups_.empty()) throw wrong_value_ ? *wrong_value_ : nothing_matched();
    check_parameters_apply();
    check_tiles_apply();
    if (!axes_.second.empty() &&
        std::none_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return group.task->operation->inputs.size() > 1; }))
      throw BadInput("--second: none of the operations that --filter leaves takes two inputs");
    return std::move(groups_);
  }

 private:
  /// Each parameter given must belong to an operation.
  void check_parameter_names() const {
    for (const auto& axis : axes_.parameters) {
      std::vector<std::string> known;
      for (const auto& operation : catalogue())
        for (const auto& spec : operation.parameters)
          if (std::find(known.begin(), known.end(), spec.name) == known.end())
            known.push_back(spec.name);
      if (std::find(known.begin(), known.end(), axis.name) == known.end())
        throw BadInput("--param: no operation has a parameter '" + axis.name + "'; there are " +
                       join(known, ", "));
    }
  }

  /// A value that changes no case is a mistake.
  void check_parameters_apply() const {
    for (const auto& axis : axes_.parameters)
      if (std::none_of(groups_.begin(), groups_.end(), [&](const Group& group) {
            const auto& specs = group.task->operation->parameters;
            return std::any_of(specs.begin(), specs.end(),
                               [&](const auto& spec) { return spec.name == axis.name; });
          }))
        throw BadInput("--param: none of the operations that --filter leaves has a parameter '" +
                       axis.name + "'");
  }

  /// Tiles of so many axes that no case has them are a mistake.
  void check_tiles_apply() const {
    const auto applies = [&](const TileExtent& extent) {
      return std::any_of(groups_.begin(), groups_.end(), [&](const Group& group) {
        return extent.shape(group.task->operation->dims, 1).has_value();
      });
    };
    const std::string why = " has another number of axes than the operations that are left";
    for (const auto& tile : axes_.tiles)
      if (!applies(tile)) throw BadInput("--tile " + tile.text() + why);
    for (const auto& overlap : axes_.overlaps)
      if (overlap && !applies(*overlap)) throw BadInput("--overlap " + overlap->text() + why);
    for (const PerTile how : axes_.per_tile)
      if (std::none_of(groups_.begin(), groups_.end(),
                       [&](const Group& group) { return takes(*group.task->operation, how); }))
        throw BadInput("--per-tile " + to_string(how) +
                       ": none of the operations that --filter leaves is done so; AutoThreshold "
                       "is (alone), and so are labels of an image or a mask");
  }

  BadInput nothing_matched() const {
    std::vector<std::string> names;
    for (const auto& operation : catalogue()) names.push_back(operation.name);
    std::string text = "no case matches";
    if (!axes_.filter.text.empty()) text += " --filter '" + axes_.filter.text + "'";
    std::vector<std::string> sizes, dtypes;
    for (const auto& size : axes_.sizes) sizes.push_back(to_string(size.shape, size.dims));
    for (const DType dtype : axes_.dtypes) dtypes.push_back(to_string(dtype));
    if (!sizes.empty()) text += " at --size " + join(sizes, ",");
    if (!dtypes.empty()) text += " as --dtype " + join(dtypes, ",");
    if (!axes_.inputs.empty()) text += " with --input " + join(axes_.inputs, ",");
    return BadInput(text + "; names begin with operation and engine, as bench --list shows them; " +
                    "operations are " + join(names, ", ") +
                    "; 2D operations take sizes such as 256x256, 3D ones 256x256x32");
  }

  void add_default(const Operation& operation) {
    // Sizes are found last, since that takes a run of the reference: filter by the default size
    // first.
    for (const auto& input : inputs_to_generate(axes_, {clij_size(operation.dims)}))
      add(operation, input, true);
  }

  void add(const Operation& operation, const Input& input, bool scale = false) {
    // Label images have one type, whatever type is asked for grey levels.
    const auto dtypes = operation.dtypes == std::vector{DType::u32} ? operation.dtypes
                        : input.dtype && axes_.dtypes.empty() ? std::vector<DType>{*input.dtype}
                                                              : dtypes_;
    for (const DType dtype : dtypes) {
      if (std::find(operation.dtypes.begin(), operation.dtypes.end(), dtype) ==
          operation.dtypes.end())
        continue;
      for (auto& parameters : parameters_for(operation, input, dtype)) {
        Task task{&operation, parameters, input.size.shape, dtype, input.source, ""};
        auto group = make_group(task);
        if (group.cases.empty()) continue;
        if (scale) {
          std::tie(task.shape, task.note) = default_size(operation, parameters, dtype);
          group = make_group(task);
        }
        for (const auto& bench_case : group.cases) taken_.insert(bench_case.name());
        if (!group.cases.empty()) groups_.push_back(std::move(group));
      }
    }
  }

  /// A value may be wrong for an operation that the filter leaves out: that is an error only where
  /// nothing else is left.
  std::vector<Parameters> parameters_for(const Operation& operation, const Input& input,
                                         DType dtype) {
    try {
      return parameter_sets(operation, axes_.parameters);
    } catch (const BadInput& error) {
      const Task by_default{
          &operation, Parameters(operation.parameters), input.size.shape, dtype, input.source, ""};
      if (!make_group(by_default).cases.empty()) throw;
      if (!wrong_value_) wrong_value_ = error;
      return {};
    }
  }

  /// The image as a whole, then all tiles with all overlaps that are meant for so many axes.
  std::vector<std::optional<Tiling>> tilings(const Operation& operation) const {
    const int dims = operation.dims;
    std::vector<std::optional<Tiling>> all{std::nullopt};
    const auto overlaps = axes_.overlaps.empty()
                              ? std::vector<std::optional<TileExtent>>{std::nullopt}
                              : axes_.overlaps;
    for (const auto& tile : axes_.tiles)
      for (const auto& overlap : overlaps) {
        const auto shape = tile.shape(dims, 1);
        const auto margin = overlap ? overlap->shape(dims, 0) : std::nullopt;
        if (!shape || (overlap && !margin)) continue;
        all.push_back(Tiling{*shape, margin});
        for (const PerTile how : axes_.per_tile)
          if (takes(operation, how)) all.push_back(Tiling{*shape, margin, false, how});
      }
    return all;
  }

  Group make_group(const Task& wanted) const {
    const auto task = std::make_shared<const Task>(wanted);
    Group group{task, {}};
    for (const auto& entry : entries_)
      for (const auto& tiling : tilings(*task->operation)) add_cases(group, entry, tiling);
    return group;
  }

  void add_cases(Group& group, const EngineEntry& entry,
                 const std::optional<Tiling>& tiling) const {
    const bool cpu = entry.device.is_cpu() || entry.device.type.empty();
    for (const int threads : axes_.threads.empty() || !cpu ? std::vector<int>{0} : axes_.threads) {
      Case made{group.task, entry, threads, tiling};
      const std::string name = made.name();
      const bool again =
          taken_.contains(name) || std::any_of(group.cases.begin(), group.cases.end(),
                                               [&](const Case& c) { return c.name() == name; });
      if (!std::regex_search(name, axes_.filter.regex) || again) continue;
      if (tiling) require_sensible(*tiling, group.task->shape, group.task->operation->dims);
      group.cases.push_back(std::move(made));
    }
  }

  const Axes& axes_;
  std::vector<EngineEntry> entries_;
  std::vector<DType> dtypes_;
  std::vector<Group> groups_;
  std::set<std::string> taken_;  ///< names: a value that is given twice is measured once
  std::optional<BadInput> wrong_value_;
};

}  // namespace

std::vector<Group> sweep(const Axes& axes) { return Sweep(axes).groups(); }

}  // namespace voxelmark
