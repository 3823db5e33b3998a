#include "bench/tile_lanes.hpp"

#include <cstring>
#include <exception>
#include <map>
#include <thread>
#include <tuple>

#include "engines/core/clock.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark {

namespace {

/// What a lane has for tiles of one shape.
struct Fitting {
  std::vector<Image> inputs;
  Image result;  ///< none where the engine's own can be read
  Execution execution;
};

auto key(const Shape& shape) { return std::tuple(shape.x, shape.y, shape.z); }

std::variant<Fitting, Skip> make_fitting(Engine& engine, const Operation& operation,
                                         const Parameters& parameters,
                                         const std::vector<DType>& dtypes, const Shape& shape,
                                         std::int64_t largest_label) {
  Fitting made;
  std::vector<const Image*> images;
  made.inputs.reserve(dtypes.size());
  for (const DType dtype : dtypes) {
    Image& image = made.inputs.emplace_back(engine.transfer_image(shape, dtype));
    std::memset(image.data(), 0, image.bytes());  // preparing runs the operation once
    images.push_back(&image);
  }
  auto execution = make_execution(engine, operation, parameters, images, largest_label);
  if (auto* skip = std::get_if<Skip>(&execution)) return std::move(*skip);
  made.execution = std::get<Execution>(std::move(execution));
  if (!made.execution.in_place())
    made.result =
        engine.transfer_image(made.execution.output->shape(), made.execution.output->dtype());
  return made;
}

}  // namespace

TileStages& TileStages::operator+=(const TileStages& other) {
  read += other.read;
  push += other.push;
  compute += other.compute;
  pull += other.pull;
  write += other.write;
  return *this;
}

struct TileLanes::Lane {
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, Fitting> fittings;
  TileStages stages;
  std::string device;
  std::size_t tiles = 0;  ///< of the last run
};

std::map<std::string, std::size_t> TileLanes::tiles_by_device() const {
  std::map<std::string, std::size_t> tiles;
  for (const auto& lane : lanes_) tiles[lane->device] += lane->tiles;
  return tiles;
}

std::variant<TileLanes, Skip> TileLanes::prepare(const std::vector<Engine*>& engines,
                                                 const Operation& operation,
                                                 const Parameters& parameters,
                                                 const std::vector<DType>& inputs,
                                                 const std::vector<Tile>& tiles,
                                                 std::int64_t largest_label, std::size_t images) {
  TileLanes made;
  for (Engine* engine : engines)
    for (int i = 0; i < engine->concurrent_streams() && made.lanes_.size() < images * tiles.size();
         ++i) {
      auto lane = std::make_shared<Lane>();
      lane->device = engine->device().id;
      for (const Tile& tile : tiles) {
        if (interrupt_requested) throw Interrupted();
        const Shape& shape = tile.input.extent;
        if (lane->fittings.contains(key(shape))) continue;
        auto fitting = make_fitting(*engine, operation, parameters, inputs, shape, largest_label);
        if (auto* skip = std::get_if<Skip>(&fitting))
          return Skip{engine->device().id + ": " + skip->reason};
        lane->fittings.emplace(key(shape), std::get<Fitting>(std::move(fitting)));
      }
      made.lanes_.push_back(std::move(lane));
    }
  return made;
}

void TileLanes::work(Lane& lane, const std::vector<Tile>& tiles, std::atomic<std::size_t>& next,
                     const Read& read, const Write& write) {
  auto start = Clock::now();
  const auto lap = [&](double& stage) {
    const auto now = Clock::now();
    stage += std::chrono::duration<double>(now - start).count();
    start = now;
  };
  for (std::size_t i; (i = next++) < tiles.size();) {
    if (interrupt_requested) throw Interrupted();
    const Tile& tile = tiles[i];
    Fitting& fitting = lane.fittings.at(key(tile.input.extent));
    Execution& execution = fitting.execution;
    start = Clock::now();
    for (std::size_t k = 0; k < fitting.inputs.size(); ++k) read(tile, k, fitting.inputs[k]);
    lap(lane.stages.read);
    for (std::size_t k = 0; k < fitting.inputs.size(); ++k)
      execution.stream->upload(fitting.inputs[k], *execution.inputs[k]);
    lap(lane.stages.push);
    execution.run();
    lap(lane.stages.compute);
    Image* result = execution.in_place();
    if (!result) {
      result = &fitting.result;
      execution.download(*result);
    }
    lap(lane.stages.pull);
    write(tile, *result);
    lap(lane.stages.write);
    ++lane.tiles;
  }
}

TileStages TileLanes::run(const std::vector<Tile>& tiles, const Read& read, const Write& write) {
  std::atomic<std::size_t> next{0};
  std::vector<std::exception_ptr> errors(lanes_.size());
  const auto work_on = [&](std::size_t i) {
    lanes_[i]->stages = {};
    lanes_[i]->tiles = 0;
    try {
      work(*lanes_[i], tiles, next, read, write);
    } catch (...) {
      errors[i] = std::current_exception();
      next = tiles.size();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < lanes_.size(); ++i) threads.emplace_back(work_on, i);
    if (!lanes_.empty()) work_on(0);
  }
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
  TileStages all;
  for (const auto& lane : lanes_) all += lane->stages;
  return all;
}

}  // namespace voxelmark
