#include "bench/apply_command.hpp"

#include <algorithm>
#include <bit>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "bench/component_volume.hpp"
#include "bench/engines.hpp"
#include "bench/process_memory.hpp"
#include "bench/threshold_finder.hpp"
#include "bench/tile_lanes.hpp"
#include "build_info.hpp"
#include "datasets/ome_zarr.hpp"
#include "datasets/tiff_volume.hpp"
#include "engines/core/clock.hpp"
#include "engines/core/error.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/core/program.hpp"
#include "engines/core/text.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/operations/connected_components.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;

std::string bytes_text(std::size_t bytes) { return human_bytes(static_cast<double>(bytes)); }

std::unique_ptr<VolumeReader> open_input(const Options& options, std::size_t cache_bytes) {
  const std::string& file = options.axes.inputs[0];
  const TiffSelection& selection = options.axes.selection;
  if (std::filesystem::is_directory(file))
    return open_ome_zarr(file, {.channel = selection.channel, .cache_bytes = cache_bytes});
  return open_tiff_volume(file, selection);
}

/// The one operation that --filter leaves for images of so many dimensions.
const Operation& chosen_operation(const Filter& filter, int dims) {
  std::vector<const Operation*> found;
  std::vector<std::string> names;
  for (const auto& operation : catalogue())
    if (operation.dims == dims && std::regex_search(operation.name, filter.regex)) {
      found.push_back(&operation);
      names.push_back(operation.name);
    }
  if (found.empty())
    throw BadInput("--filter '" + filter.text + "' finds no operation for an image of " +
                   std::to_string(dims) + " axes; bench --list-operations names them");
  if (found.size() > 1)
    throw BadInput("--filter '" + filter.text + "' finds " + std::to_string(found.size()) +
                   " operations, and bench apply does one; as in ^" + names[0] + "$");
  if (found[0]->inputs.size() != 1)
    throw BadInput(names[0] + " takes two images, and bench apply has one");
  return *found[0];
}

Parameters chosen_parameters(const Operation& operation, const std::vector<ParameterAxis>& axes) {
  Parameters parameters(operation.parameters);
  for (const auto& axis : axes) {
    const auto& specs = operation.parameters;
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const ParameterSpec& s) { return s.name == axis.name; });
    if (spec == specs.end())
      throw BadInput("--param: " + operation.name + " has no parameter '" + axis.name + "'");
    if (axis.values.size() != 1)
      throw BadInput("--param: bench apply takes one value of '" + axis.name + "'");
    parameters.set(axis.name, parse_parameter(*spec, operation.dims, axis.values[0]));
  }
  return parameters;
}

std::string time_points_name(TimePoints way) {
  return way == TimePoints::stream ? "stream" : way == TimePoints::each ? "each" : "all";
}

/// A piece of work that fits the memory.
struct Fit {
  Tiles tiles;
  TileLanes lanes;
};

/// Powers of two, so that halves of them end where chunks end.
Shape largest_tile(const Shape& shape) {
  const auto along = [](std::int64_t extent) {
    return static_cast<std::int64_t>(
        std::bit_ceil(static_cast<std::uint64_t>(std::min<std::int64_t>(extent, 4096))));
  };
  return {along(shape.x), along(shape.y), along(shape.z)};
}

constexpr std::size_t largest_chunk = std::size_t{4} << 20;

/// Chunks of which a tile is made.
Shape chunk_for(const Shape& tile, DType dtype) {
  Shape chunk = tile;
  while (static_cast<std::size_t>(chunk.voxels()) * bytes_of(dtype) > largest_chunk) {
    std::int64_t Shape::*longest = nullptr;
    for (const auto axis : {&Shape::x, &Shape::y, &Shape::z})
      if (chunk.*axis % 2 == 0 && (!longest || chunk.*axis > chunk.*longest)) longest = axis;
    if (!longest) break;
    chunk.*longest /= 2;
  }
  return chunk;
}

class Application {
 public:
  Application(const Options& options, int on_this_host) : options_(options) {
    const Axes& axes = options.axes;
    if (axes.inputs.size() != 1) throw BadInput("bench apply works on one --input");
    if (options.output.empty()) throw BadInput("bench apply needs --output, a folder to make");
    if (!axes.per_tile.empty() && axes.per_tile != std::vector{PerTile::alone})
      throw BadInput("bench apply does --per-tile alone, and no other");
    if (axes.tiles.size() > 1 || axes.overlaps.size() > 1 || axes.threads.size() > 1)
      throw BadInput("bench apply takes one --tile, one --overlap and one number of --threads");
    if (options.json == options.output) throw BadInput("--json and --output name one path");
    memory_ = options.memory ? options.memory : host_memory_available() / 2 / on_this_host;
    cache_bytes_ = memory_ / 8;
    reader_ = open_input(options, cache_bytes_);
    VolumeInfo in = reader_->info();
    // A TIFF file's reader has chosen already.
    if (const auto frame = axes.selection.frame;
        frame && std::filesystem::is_directory(axes.inputs[0])) {
      if (*frame < 0 || *frame >= in.frames)
        throw BadInput(axes.inputs[0] + ": has no time point " + std::to_string(*frame) +
                       "; it holds " + std::to_string(in.frames) + ", counted from 0");
      first_frame_ = *frame;
      in.frames = 1;
    }
    dims_ = in.shape.z > 1 ? 3 : 2;
    operation_ = &chosen_operation(axes.filter, dims_);
    parameters_.emplace(chosen_parameters(*operation_, axes.parameters));
    if (std::find(operation_->dtypes.begin(), operation_->dtypes.end(), in.dtype) ==
        operation_->dtypes.end())
      throw BadInput(operation_->name + " does not take " + to_string(in.dtype) + ", of which " +
                     axes.inputs[0] + " is");
    takes_non_finite_ = operation_->takes_non_finite;
    if (!axes.per_tile.empty() && operation_->family != "AutoThreshold")
      throw BadInput("bench apply: --per-tile is for AutoThreshold, not " + operation_->name);
    asked_ = operation_->name;
    if (const auto values = parameters_->text(dims_); !values.empty()) asked_ += "/" + values;
    if (!axes.per_tile.empty()) asked_ += "/" + tiling().text(dims_);
    if (labels_components()) component_bytes_ = memory_ / 4;
    if (labels_components() && options.time_points != TimePoints::stream)
      throw BadInput(operation_->name + " does each time point by itself, without --time-points");
    result_ = in;
    result_.shape = operation_->result_shape(*parameters_, in.shape, 0);
    result_.dtype = operation_->result_dtype(*parameters_, in.dtype);
  }

  int run(const std::vector<std::string>& command, Ranks& ranks);
  /// Whether there is an output that can be resumed.
  bool begun() const { return begun_; }

 private:
  /// Throws BadInput where there is NaN or infinity that the operation does not take.
  void require_finite(const Image& pixels) const;
  void threshold_by_the_whole(Ranks& ranks);
  void open_engines();
  Tiling tiling() const;
  /// Host memory that a lane takes for tiles of one shape, without what engines take.
  std::size_t lane_bytes(const Tiles& tiles) const;
  std::variant<Fit, std::string> fitted(const Tiling& tiling);
  bool labels_components() const { return operation_->family == "ConnectedComponents"; }
  std::variant<Tiles, Skip> cut_volume(const Tiling& tiling) const;
  TileStages work(Fit& fit, VolumeWriter& writer, const std::vector<Tile>& left);
  void require_memory_at_once(const Tiles& tiles) const;
  /// Reads all, does all, writes all.
  TileStages work_at_once(Fit& fit, VolumeWriter& writer, const std::vector<Tile>& left);
  void read(const Tile& tile, Image& pixels);
  void write(VolumeWriter& writer, const Tile& tile, const Image& result) const;
  /// The largest tile that fits, of whole chunks where `chunk` is given, and none above `largest`.
  Fit fit(const std::optional<Shape>& chunk, const std::optional<Shape>& largest);
  /// The largest one that fits on all ranks.
  Fit fit(const std::optional<Shape>& chunk, Ranks& ranks);
  /// This rank's share of the tiles that are missing, whose number over all ranks is `all`.
  std::vector<Tile> share(const Tiles& tiles, const VolumeWriter& writer, Ranks& ranks,
                          std::size_t& all) const;
  std::string task() const;
  void report(const Fit& fit, const TileStages& mine, std::size_t done, double seconds,
              const std::vector<std::string>& command, Ranks& ranks) const;

  const Options& options_;
  std::size_t memory_ = 0, cache_bytes_ = 0;
  std::size_t component_bytes_ = 0;  ///< of the memory, for components of tiles
  std::unique_ptr<VolumeReader> reader_;
  int dims_ = 2;
  const Operation* operation_ = nullptr;  ///< what tiles are given
  std::string asked_;                     ///< what the user asked for, with its parameters
  std::optional<Parameters> parameters_;
  VolumeInfo result_;
  std::int64_t first_frame_ = 0;  ///< of the input
  bool takes_non_finite_ = false;
  bool begun_ = false;
  OpenEngines opened_{0};
  std::vector<Engine*> engines_;
};

void Application::require_finite(const Image& pixels) const {
  if (pixels.dtype() != DType::f32 || takes_non_finite_) return;
  if (const Range range = range_of(pixels); range.non_finite > 0)
    throw BadInput(asked_ + " is not defined on NaN or infinity, which " + options_.axes.inputs[0] +
                   " holds");
}

void Application::open_engines() {
  EngineSelection selection = options_.axes.engines;
  if (selection.names.empty()) selection.names = {"tbb"};
  const int threads = options_.axes.threads.empty() ? 0 : options_.axes.threads[0];
  std::string why;
  for (const EngineEntry& entry : find_devices(selection)) {
    const auto opened = opened_.open(entry, entry.device.is_cpu() ? threads : 0);
    if (const auto* skip = std::get_if<Skip>(&opened))
      why = skip->reason;
    else
      engines_.push_back(std::get<OpenEngines::Opened*>(opened)->engine.get());
  }
  if (engines_.empty()) throw BadInput("no engine can be opened: " + why);
}

Tiling Application::tiling() const {
  const Axes& axes = options_.axes;
  Tiling tiling{largest_tile(result_.shape), {}, true};
  if (!axes.tiles.empty()) {
    auto tile = axes.tiles[0].shape(dims_, 1);
    if (!tile && result_.shape.z == 1) tile = axes.tiles[0].shape(2, 1);  // a projection's
    if (!tile) throw BadInput("--tile: the image has " + std::to_string(dims_) + " axes");
    tiling.tile = *tile;
  }
  if (!axes.overlaps.empty() && axes.overlaps[0]) {
    tiling.overlap = axes.overlaps[0]->shape(dims_, 0);
    if (!tiling.overlap)
      throw BadInput("--overlap: the image has " + std::to_string(dims_) + " axes");
  }
  if (!axes.per_tile.empty()) {
    tiling.per_tile = axes.per_tile[0];
    tiling.one_shape = false;  // all that a tile reads is looked at for its level
  }
  return tiling;
}

std::variant<Tiles, Skip> Application::cut_volume(const Tiling& tiling) const {
  const Shape& volume = reader_->info().shape;
  if (!labels_components()) return cut(*operation_, *parameters_, volume, tiling);
  if (tiling.overlap && *tiling.overlap != Reach{0, 0, 0})
    throw BadInput(operation_->name + " takes no --overlap: tiles are joined at their seams");
  return cut_for_components(volume, tiling.tile);
}

std::size_t Application::lane_bytes(const Tiles& tiles) const {
  const Shape& window = tiles.tiles[0].input.extent;
  const Shape made = operation_->result_shape(*parameters_, window, 0);
  const std::size_t read = labels_components() ? 2 : 1;  // what lies inside the volume by itself
  // What is read, the result, and its inside as it is written.
  return read * static_cast<std::size_t>(window.voxels()) * bytes_of(reader_->info().dtype) +
         2 * static_cast<std::size_t>(made.voxels()) * bytes_of(result_.dtype);
}

/// Or what is too much, with the bytes.
std::variant<Fit, std::string> Application::fitted(const Tiling& tiling) {
  auto made = cut_volume(tiling);
  if (const auto* skip = std::get_if<Skip>(&made)) throw BadInput(skip->reason);
  Fit fit{std::get<Tiles>(std::move(made)), {}};
  std::size_t lanes = 0, engine_bytes = 0;
  for (const Engine* engine : engines_)
    lanes += static_cast<std::size_t>(engine->concurrent_streams());
  // Each thread may hold a chunk before and after its compression; a seventh is left for what
  // nobody counts.
  const VolumeInfo& in = reader_->info();
  const std::size_t chunks = static_cast<std::size_t>(in.chunk.voxels()) * bytes_of(in.dtype) +
                             largest_chunk,
                    limit = memory_ / 7 * 6,
                    fixed = resident_bytes() + cache_bytes_ + component_bytes_ +
                            2 * (lanes + static_cast<std::size_t>(host_threads())) * chunks;
  // Before anything is allocated: the engine will want an output, and scratch.
  std::size_t needed = fixed + lanes * 2 * lane_bytes(fit.tiles);
  const auto too_much = [&] {
    return "tiles of " + to_string(fit.tiles.tile, dims_) + " voxels with an overlap of " +
           to_string(fit.tiles.overlap, dims_) + " need " + bytes_text(needed) +
           " of memory, and " + bytes_text(limit) + " of --memory can be used";
  };
  if (needed > limit) return too_much();
  try {
    auto prepared =
        TileLanes::prepare(engines_, *operation_, *parameters_, {reader_->info().dtype},
                           fit.tiles.tiles, 0, static_cast<std::size_t>(result_.frames));
    if (const auto* skip = std::get_if<Skip>(&prepared)) throw BadInput(skip->reason);
    fit.lanes = std::get<TileLanes>(std::move(prepared));
  } catch (const TooLarge& error) {
    return std::string(error.what());
  }
  for (const Engine* engine : engines_)
    if (engine->device().is_cpu()) engine_bytes += engine->bytes_in_use();
  needed = fixed + fit.lanes.lanes() * lane_bytes(fit.tiles) + engine_bytes;
  if (needed > limit) return too_much();
  return fit;
}

Fit Application::fit(const std::optional<Shape>& chunk, const std::optional<Shape>& largest) {
  Tiling wanted = tiling();
  if (largest) wanted.tile = *largest;
  const bool chosen = !options_.axes.tiles.empty();
  if (chosen) require_sensible(wanted, reader_->info().shape, dims_);
  while (true) {
    Tiling tried = wanted;
    if (chunk)
      for (const auto axis : {&Shape::x, &Shape::y, &Shape::z})
        tried.tile.*axis =
            std::max<std::int64_t>(1, tried.tile.*axis / (*chunk).*axis) * (*chunk).*axis;
    auto fit = fitted(tried);
    if (auto* found = std::get_if<Fit>(&fit)) return std::move(*found);
    const auto smaller = chosen ? std::nullopt : halved(wanted.tile);
    if (!smaller)
      throw BadInput(std::get<std::string>(fit) + "; give a larger --memory" +
                     (chosen ? " or a smaller --tile" : ""));
    wanted.tile = *smaller;
  }
}

Fit Application::fit(const std::optional<Shape>& chunk, Ranks& ranks) {
  for (std::optional<Shape> largest;;) {
    // Each tries the same tiles, from the largest on: the smallest one that was found is among all.
    Fit found = ranks.together([&] { return fit(chunk, largest); });
    const Shape& tile = found.tiles.tile;
    const std::vector<double> extents{static_cast<double>(tile.x), static_cast<double>(tile.y),
                                      static_cast<double>(tile.z)};
    const auto least = ranks.least(extents);
    if (least == ranks.greatest(extents)) return found;
    largest = {static_cast<std::int64_t>(least[0]), static_cast<std::int64_t>(least[1]),
               static_cast<std::int64_t>(least[2])};
  }
}

std::vector<Tile> Application::share(const Tiles& tiles, const VolumeWriter& writer, Ranks& ranks,
                                     std::size_t& all) const {
  const std::size_t count = tiles.tiles.size();
  // Rank 0 looks for all, before anyone writes.
  const json missing = json::parse(ranks.broadcast(ranks.together([&] {
    json left = json::array();
    for (std::int64_t frame = 0; ranks.first() && frame < result_.frames; ++frame)
      for (std::size_t i = 0; i < count; ++i)
        if (!writer.holds(tiles.tiles[i].output, frame))
          left.push_back(static_cast<std::size_t>(frame) * count + i);
    return left.dump();
  })));
  all = missing.size();
  // Neighbours, which read the same chunks, go to one rank.
  const auto begin = [&](int rank) {
    return all * static_cast<std::size_t>(rank) / static_cast<std::size_t>(ranks.size());
  };
  std::vector<Tile> mine;
  for (std::size_t k = begin(ranks.rank()); k < begin(ranks.rank() + 1); ++k) {
    const std::size_t i = missing[k];
    mine.push_back(tiles.tiles[i % count]);
    mine.back().frame = static_cast<std::int64_t>(i / count);
  }
  return mine;
}

/// All that decides what a voxel will be.
std::string Application::task() const {
  namespace fs = std::filesystem;
  const Axes& axes = options_.axes;
  const fs::path input = axes.inputs[0];
  std::string text = asked_ + " of " + fs::weakly_canonical(input).string();
  if (!fs::is_directory(input))
    text += " (" + std::to_string(fs::file_size(input)) + " bytes, of " +
            std::to_string(fs::last_write_time(input).time_since_epoch().count()) + ")";
  if (axes.selection.channel) text += ", channel " + std::to_string(*axes.selection.channel);
  if (axes.selection.frame) text += ", time point " + std::to_string(*axes.selection.frame);
  if (const auto wanted = tiling(); wanted.overlap)
    text += ", with an overlap of " + to_string(*wanted.overlap, dims_);
  return text;
}

/// AutoThreshold becomes FixedThreshold by the level of the whole image, which is read twice for
/// it.
void Application::threshold_by_the_whole(Ranks& ranks) {
  const VolumeInfo& in = reader_->info();
  if (result_.frames > 1)
    throw BadInput("AutoThreshold finds one level, and " + options_.axes.inputs[0] + " has " +
                   std::to_string(result_.frames) + " time points; choose one by --frame");
  // Parts that leave the memory to the tiles that follow.
  Shape part = largest_tile(in.shape);
  while (static_cast<std::size_t>(part.voxels()) * bytes_of(in.dtype) > memory_ / 16)
    part = halved(part).value();
  ThresholdFinder finder(parameters_->choice("method"), in.dtype);
  // The same parts on all ranks: each looks at its own ones.
  const auto parts = cut_plainly(in.shape, part).tiles;
  const auto show = [&](void (ThresholdFinder::*look)(const Image&)) {
    ranks.together([&] {
      for (auto i = static_cast<std::size_t>(ranks.rank()); i < parts.size();
           i += static_cast<std::size_t>(ranks.size())) {
        if (interrupt_requested) throw Interrupted();
        Image pixels(parts[i].input.extent, in.dtype);
        reader_->read(parts[i].input, first_frame_, pixels);
        require_finite(pixels);
        (finder.*look)(pixels);
      }
    });
  };
  show(&ThresholdFinder::see);
  // A rank may have seen nothing.
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Range seen = finder.range().value_or(Range{infinity, -infinity, 0});
  finder.range() =
      Range{ranks.least({seen.minimum})[0], ranks.greatest({seen.maximum})[0], seen.non_finite};
  show(&ThresholdFinder::count);
  finder.counts() = ranks.sum(finder.counts());
  operation_ = &find_operation(operation_name("FixedThreshold", dims_));
  parameters_.emplace(operation_->parameters);
  // Infinity is above all that an image may have here.
  parameters_->set("threshold",
                   finder.threshold().value_or(std::numeric_limits<float>::infinity()));
}

void Application::read(const Tile& tile, Image& pixels) {
  reader_->read(tile.input, first_frame_ + tile.frame, pixels);
  require_finite(pixels);
}

void Application::write(VolumeWriter& writer, const Tile& tile, const Image& result) const {
  if (result.shape() == tile.output.extent)
    writer.write(tile.output, tile.frame, result);
  else
    writer.write(tile.output, tile.frame, crop(result, {tile.kept, tile.output.extent}));
}

void Application::require_memory_at_once(const Tiles& tiles) const {
  double needed = static_cast<double>(resident_bytes());
  for (const Tile& tile : tiles.tiles)
    needed += static_cast<double>(result_.frames) *
              (static_cast<double>(tile.input.extent.voxels()) *
                   static_cast<double>(bytes_of(reader_->info().dtype)) +
               static_cast<double>(tile.output.extent.voxels()) *
                   static_cast<double>(bytes_of(result_.dtype)));
  if (needed > static_cast<double>(memory_))
    throw BadInput("--time-points all needs " + human_bytes(needed) +
                   " of memory, and --memory is " + bytes_text(memory_) +
                   "; give more, or leave --time-points to stream");
}

TileStages Application::work_at_once(Fit& fit, VolumeWriter& writer,
                                     const std::vector<Tile>& left) {
  const auto start = Clock::now();
  std::vector<Image> pixels, results(left.size());
  for (const Tile& tile : left) {
    if (interrupt_requested) throw Interrupted();
    read(tile, pixels.emplace_back(tile.input.extent, reader_->info().dtype));
  }
  const double reading = seconds_since(start);
  const auto number_of = [&](const Tile& tile) {
    return static_cast<std::size_t>(&tile - left.data());
  };
  TileStages stages = fit.lanes.run(
      left,
      [&](const Tile& tile, std::size_t, Image& given) {
        copy_box(pixels[number_of(tile)], {}, tile.input.extent, given, {});
      },
      [&](const Tile& tile, const Image& result) {
        results[number_of(tile)] = crop(result, {tile.kept, tile.output.extent});
      });
  const auto done = Clock::now();
  for (const Tile& tile : left) {
    if (interrupt_requested) throw Interrupted();
    writer.write(tile.output, tile.frame, results[number_of(tile)]);
  }
  stages.read += reading;
  stages.write += seconds_since(done);
  return stages;
}

TileStages Application::work(Fit& fit, VolumeWriter& writer, const std::vector<Tile>& left) {
  if (options_.time_points != TimePoints::stream) fit.lanes.keep_one();
  if (options_.time_points == TimePoints::all) return work_at_once(fit, writer, left);
  return fit.lanes.run(
      left, [&](const Tile& tile, std::size_t, Image& pixels) { read(tile, pixels); },
      [&](const Tile& tile, const Image& result) { write(writer, tile, result); });
}

int Application::run(const std::vector<std::string>& command, Ranks& ranks) {
  ranks.together([&] { open_engines(); });
  // What is done with the memory is the same on all ranks.
  memory_ = static_cast<std::size_t>(ranks.least({static_cast<double>(memory_)})[0]);
  cache_bytes_ = std::min(cache_bytes_, memory_ / 8);
  const auto start = Clock::now();
  // Rank 0 makes the volume, or takes it over; then the others join it.
  std::unique_ptr<VolumeWriter> writer;
  const auto make = [&](const auto& open) {
    ranks.together([&] {
      if (ranks.first()) writer = open();
    });
    ranks.together([&] {
      if (!ranks.first()) writer = join_ome_zarr(options_.output);
    });
  };
  if (options_.resume) make([&] { return resume_ome_zarr(options_.output, task()); });
  if (operation_->family == "AutoThreshold" && options_.axes.per_tile.empty())
    threshold_by_the_whole(ranks);
  Fit fit = this->fit(writer ? std::optional(writer->info().chunk) : std::nullopt, ranks);
  if (options_.time_points == TimePoints::all)
    ranks.together([&] { require_memory_at_once(fit.tiles); });
  if (!writer)
    make([&] {
      VolumeInfo info = result_;
      info.chunk = chunk_for(fit.tiles.tile, info.dtype);
      return create_ome_zarr(options_.output, info, {}, task());
    });
  begun_ = true;
  ranks.together([&] {
    if (writer->info().shape != result_.shape || writer->info().dtype != result_.dtype ||
        writer->info().frames != result_.frames)
      throw BadInput(options_.output + ": was begun for an image of another shape or type");
  });
  std::size_t all_left = 0;
  const std::vector<Tile> left = share(fit.tiles, *writer, ranks, all_left);
  const TileStages stages = labels_components()
                                ? ComponentVolume(*reader_, first_frame_, *writer, fit.tiles,
                                                  !box_neighbours(*parameters_), component_bytes_)
                                      .run(fit.lanes, left, ranks)
                                : ranks.together([&] { return work(fit, *writer, left); });
  const double seconds = seconds_since(start);
  ranks.together([&] {
    if (ranks.first()) writer->finish();
  });
  report(fit, stages, all_left, seconds, command, ranks);
  return exit_code::good;
}

void Application::report(const Fit& fit, const TileStages& mine, std::size_t done, double seconds,
                         const std::vector<std::string>& command, Ranks& ranks) const {
  const auto sums =
      ranks.sum(std::vector<double>{mine.read, mine.push, mine.compute, mine.pull, mine.write,
                                    static_cast<double>(fit.lanes.lanes())});
  const TileStages stages{sums[0], sums[1], sums[2], sums[3], sums[4]};
  const auto lanes = static_cast<std::size_t>(sums[5]);
  const auto most = ranks.greatest({seconds, static_cast<double>(peak_resident_bytes())});
  seconds = most[0];
  const auto peak = static_cast<std::size_t>(most[1]);
  json own = json::array();
  for (const auto& [device, tiles] : fit.lanes.tiles_by_device())
    own.push_back({{"id", device}, {"tiles", tiles}});
  json devices = json::array();
  for (const std::string& text : ranks.gather(own.dump()))
    for (const json& device : json::parse(text)) devices.push_back(device);
  ranks.together([&] {
    if (!ranks.first()) return;
    std::ostream& out = options_.json == "-" ? std::cerr : std::cout;
    const auto all = fit.tiles.tiles.size() * static_cast<std::size_t>(result_.frames);
    const double share = all ? static_cast<double>(done) / static_cast<double>(all) : 0;
    const double voxels =
        share * static_cast<double>(reader_->info().shape.voxels() * result_.frames);
    const double rate = voxels * static_cast<double>(bytes_of(reader_->info().dtype)) / seconds;
    std::string text = asked_;
    if (asked_.starts_with("AutoThreshold") && options_.axes.per_tile.empty())
      text += " (the foreground begins at " + shortest(parameters_->number("threshold")) + ")";
    text += " of " + to_string(reader_->info().shape, dims_) + " voxels";
    if (result_.frames > 1) text += ", " + std::to_string(result_.frames) + " time points";
    text += ": " + counted(done, "tile") + " of " + to_string(fit.tiles.tile, dims_) +
            " with an overlap of " + to_string(fit.tiles.overlap, dims_) +
            (fit.tiles.exact() || fit.tiles.per_tile != PerTile::no
                 ? ""
                 : " (less than the operation needs)");
    if (done < all) text += ", the others were there";
    text +=
        "; " + significant(seconds, 4) + " s, " + significant(rate / 1e9, 3) +
        " GB/s of input; reading " + significant(stages.read, 3) + " s, pushing " +
        significant(stages.push, 3) + " s, computing " + significant(stages.compute, 3) +
        " s, pulling " + significant(stages.pull, 3) + " s, writing " +
        significant(stages.write, 3) + " s, in " + counted(lanes, "lane") +
        (ranks.size() > 1 ? " of " + counted(static_cast<std::size_t>(ranks.size()), "rank") : "") +
        "; at most " + bytes_text(peak) + " of memory" + (ranks.size() > 1 ? " a rank" : "");
    for (const json& device : devices.size() > 1 ? devices : json::array())
      text += "; " + device.at("id").get<std::string>() + " " +
              counted(device.at("tiles").get<std::size_t>(), "tile");
    out << folded("", text, "  ", 120);
    if (options_.json.empty()) return;
    const auto axes = [](const Shape& s) { return json{s.x, s.y, s.z}; };
    write_output(options_.json, json{{"version", build_info::version},
                                     {"command", command},
                                     {"operation", operation_->name},
                                     {"parameters", parameters_->text(dims_)},
                                     {"size", axes(reader_->info().shape)},
                                     {"frames", result_.frames},
                                     {"dtype", to_string(reader_->info().dtype)},
                                     {"tile", axes(fit.tiles.tile)},
                                     {"overlap", axes(fit.tiles.overlap)},
                                     {"needed_overlap", axes(fit.tiles.needed)},
                                     {"tiles", all},
                                     {"tiles_done", done},
                                     {"ranks", ranks.size()},
                                     {"lanes", lanes},
                                     {"memory_limit_bytes", memory_},
                                     {"time_points", time_points_name(options_.time_points)},
                                     {"devices", devices},
                                     {"seconds", seconds},
                                     {"input_bytes_per_second", rate},
                                     {"read_ratio", fit.tiles.read_ratio()},
                                     {"stages_seconds",
                                      {{"read", stages.read},
                                       {"push", stages.push},
                                       {"compute", stages.compute},
                                       {"pull", stages.pull},
                                       {"write", stages.write}}},
                                     {"peak_memory_bytes", peak}}
                                        .dump(1) +
                                    "\n");
  });
}

}  // namespace

int apply_in_tiles(const Options& options, const std::vector<std::string>& command, Ranks& ranks) {
  const auto application =
      ranks.together([&] { return std::make_unique<Application>(options, ranks.on_this_host()); });
  try {
    return application->run(command, ranks);
  } catch (const Interrupted&) {
    std::cerr << "bench: interrupted"
              << (application->begun() ? "; --resume goes on with " + options.output : "") << "\n";
    return exit_code::interrupted;
  } catch (const BadInput& error) {
    if (!application->begun()) throw;
    throw BadInput(std::string(error.what()) + " (what was written is kept: --resume goes on)");
  }
}

}  // namespace voxelmark
