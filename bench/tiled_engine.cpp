#include "bench/tiled_engine.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numeric>

#include "bench/component_merge.hpp"
#include "bench/object_merge.hpp"
#include "bench/threshold_finder.hpp"
#include "engines/operations/catalogue.hpp"

namespace voxelmark {

namespace {

Device tiled_device(Device device) {
  device.host_memory = true;
  return device;
}

/// As many as a CPU's engine has; else all.
int threads_of(const Device& device) {
  return device.is_cpu() ? std::min(static_cast<int>(device.compute_units), host_threads()) : 0;
}

/// copy_box(), on all threads.
void copy_rows(const Image& from, const Index& begin, const Shape& extent, Image& to,
               const Index& to_begin) {
  const std::int64_t rows = std::max<std::int64_t>(1, (1 << 18) / extent.x);
  tbb::parallel_for(std::int64_t{0}, extent.z, [&](std::int64_t z) {
    tbb::parallel_for(std::int64_t{0}, (extent.y + rows - 1) / rows, [&](std::int64_t part) {
      const std::int64_t y = part * rows;
      copy_box(from, {begin.x, begin.y + y, begin.z + z},
               {extent.x, std::min(rows, extent.y - y), 1}, to,
               {to_begin.x, to_begin.y + y, to_begin.z + z});
    });
  });
}

/// What the plans share: lanes that take their tiles from the inputs.
class TiledPlan : public Plan {
 public:
  TiledPlan(HostEngine& host, const Request& request, std::vector<Tile> tiles,
            std::shared_ptr<TileStages> stages)
      : host_(host),
        inputs_(request.inputs),
        output_(request.output),
        tiles_(std::move(tiles)),
        stages_(std::move(stages)) {}

 protected:
  /// Runs `body` with as many threads as the engine has.
  void execute(const std::function<void()>& body) { host_.execute(body); }
  Image& input(std::size_t i = 0) { return host(inputs_[i]).image(); }
  Image& output() { return host(output_).image(); }
  const std::vector<Tile>& tiles() const { return tiles_; }
  /// Of a tile that lanes were given.
  std::size_t number_of(const Tile& tile) const {
    return static_cast<std::size_t>(&tile - tiles_.data());
  }

  void run(TileLanes& lanes, const TileLanes::Write& write) {
    const auto read = [&](const Tile& tile, std::size_t i, Image& pixels) {
      execute([&] { copy_rows(input(i), tile.input.origin, tile.input.extent, pixels, {}); });
    };
    run(lanes, tiles_, read, write);
  }
  void run(TileLanes& lanes, const std::vector<Tile>& tiles, const TileLanes::Read& read,
           const TileLanes::Write& write) {
    *stages_ += lanes.run(tiles, read, write);
  }
  void run_into_output(TileLanes& lanes) {
    Image& output = this->output();  // before lanes ask for it, two of which could allocate
    run(lanes, [&](const Tile& tile, const Image& result) {
      execute(
          [&] { copy_rows(result, tile.kept, tile.output.extent, output, tile.output.origin); });
    });
  }
  void restart_stages() { *stages_ = {}; }

 private:
  HostEngine& host_;
  std::vector<std::shared_ptr<Buffer>> inputs_;
  std::shared_ptr<Buffer> output_;
  std::vector<Tile> tiles_;
  std::shared_ptr<TileStages> stages_;
};

/// Tile by tile into the output.
class LocalPlan final : public TiledPlan {
 public:
  LocalPlan(HostEngine& host, TileLanes lanes, const Request& request, std::vector<Tile> tiles,
            std::shared_ptr<TileStages> stages)
      : TiledPlan(host, request, std::move(tiles), std::move(stages)), lanes_(std::move(lanes)) {}

  void enqueue(Stream&) override {
    restart_stages();
    run_into_output(lanes_);
  }

 private:
  TileLanes lanes_;
};

/// AutoThreshold: the level is the whole image's, which the host finds; the engine thresholds tiles
/// by it. Its plan is made anew for each level.
class ThresholdPlan final : public TiledPlan {
 public:
  ThresholdPlan(HostEngine& host, Engine& engine, const Request& request, std::vector<Tile> tiles,
                std::shared_ptr<TileStages> stages)
      : TiledPlan(host, request, std::move(tiles), std::move(stages)),
        engine_(engine),
        operation_(find_operation(operation_name("FixedThreshold", request.operation.dims))),
        method_(request.parameters.choice("method")) {}

  void enqueue(Stream&) override {
    restart_stages();
    ThresholdFinder finder(method_, input().dtype());
    finder.see(input());
    finder.count(input());
    const auto threshold = finder.threshold();
    if (!threshold) {
      std::memset(output().data(), 0, output().bytes());
      return;
    }
    Parameters parameters(operation_.parameters);
    parameters.set("threshold", *threshold);
    auto lanes =
        TileLanes::prepare({&engine_}, operation_, parameters, {input().dtype()}, tiles(), 0);
    if (const auto* skip = std::get_if<Skip>(&lanes)) throw std::runtime_error(skip->reason);
    run_into_output(std::get<TileLanes>(lanes));
  }

 private:
  Engine& engine_;
  const Operation& operation_;
  std::string method_;
};

/// Components of tiles, joined over the seams.
class ComponentsPlan final : public TiledPlan {
 public:
  ComponentsPlan(HostEngine& host, TileLanes lanes, const Request& request, std::vector<Tile> tiles,
                 std::shared_ptr<TileStages> stages)
      : TiledPlan(host, request, std::move(tiles), std::move(stages)),
        lanes_(std::move(lanes)),
        by_faces_(request.parameters.choice("neighbours") == "face") {}

  void enqueue(Stream&) override {
    restart_stages();
    Image& output = this->output();
    ComponentMerger merger(output.shape(), tiles()[0].output.extent, by_faces_);
    run(lanes_, [&](const Tile& tile, Image& result) {
      execute([&] { merger.add(tile.output.origin, result, &output); });
    });
    execute([&] {
      merger.merge();
      tbb::parallel_for(std::size_t{0}, tiles().size(),
                        [&](std::size_t i) { merger.paint(tiles()[i].output.origin, output); });
    });
  }

 private:
  TileLanes lanes_;
  bool by_faces_;
};

/// Objects that tiles labelled by themselves, put together.
class ObjectsPlan final : public TiledPlan {
 public:
  ObjectsPlan(HostEngine& host, TileLanes lanes, const Request& request, PerTile how,
              std::vector<Tile> tiles, std::shared_ptr<TileStages> stages)
      : TiledPlan(host, request, std::move(tiles), std::move(stages)),
        lanes_(std::move(lanes)),
        how_(how) {}

  void enqueue(Stream&) override {
    restart_stages();
    ObjectMerger merger(how_, tiles());
    run(lanes_,
        [&](const Tile& tile, const Image& result) { merger.add(number_of(tile), result); });
    merger.merge(output());
  }

 private:
  TileLanes lanes_;
  PerTile how_;
};

/// A number from all voxels: those of the tiles, joined.
class ReductionPlan final : public TiledPlan {
 public:
  ReductionPlan(HostEngine& host, std::vector<TileLanes> lanes, const Request& request,
                std::vector<Tile> tiles, std::shared_ptr<TileStages> stages)
      : TiledPlan(host, request, std::move(tiles), std::move(stages)),
        lanes_(std::move(lanes)),
        family_(request.operation.family) {}

  void enqueue(Stream&) override {
    restart_stages();
    std::vector<std::vector<double>> of_tiles;
    for (TileLanes& lanes : lanes_) {
      auto& numbers = of_tiles.emplace_back(tiles().size());
      run(lanes, [&](const Tile& tile, const Image& result) {
        numbers[number_of(tile)] = result.pixels<double>()[0];
      });
    }
    output().pixels<double>()[0] = joined(of_tiles);
  }

 private:
  double joined(const std::vector<std::vector<double>>& of_tiles) const {
    const auto& first = of_tiles[0];
    const auto sum = [&](auto term) {
      double all = 0;
      for (std::size_t i = 0; i < first.size(); ++i)
        all += term(i, static_cast<double>(tiles()[i].input.extent.voxels()));
      return all;
    };
    const double count = sum([](std::size_t, double n) { return n; });
    // NaN counts only where there is nothing else.
    const auto extreme = [&](auto better) {
      return std::accumulate(first.begin(), first.end(), first[0], better);
    };
    if (family_ == "MinimumOfAllPixels")
      return extreme([](double a, double b) { return std::fmin(a, b); });
    if (family_ == "MaximumOfAllPixels")
      return extreme([](double a, double b) { return std::fmax(a, b); });
    if (family_ == "SumOfAllPixels") return sum([&](std::size_t i, double) { return first[i]; });
    const double mean = sum([&](std::size_t i, double n) { return first[i] * n; }) / count;
    if (family_ == "MeanOfAllPixels") return mean;
    return std::sqrt(sum([&](std::size_t i, double n) {
                       const double deviation = of_tiles[1][i], offset = first[i] - mean;
                       return n * (deviation * deviation + offset * offset);
                     }) /
                     count);
  }

  std::vector<TileLanes> lanes_;
  std::string family_;
};

/// Counts are those of the tiles, in bins of the whole image's range: each tile is given voxels of
/// its least and greatest value besides, which are not counted.
class HistogramPlan final : public TiledPlan {
 public:
  /// `lanes` for the minimum, the maximum and, of tiles `with_range`, the histogram.
  HistogramPlan(HostEngine& host, std::vector<TileLanes> lanes, const Request& request,
                std::vector<Tile> tiles, std::vector<Tile> with_range,
                std::shared_ptr<TileStages> stages)
      : TiledPlan(host, request, std::move(tiles), std::move(stages)),
        lanes_(std::move(lanes)),
        with_range_(std::move(with_range)) {}

  /// With a slice, or in 2D a row, at the end.
  static std::vector<Tile> add_range(std::vector<Tile> tiles, int dims) {
    for (Tile& tile : tiles) ++(dims == 3 ? tile.input.extent.z : tile.input.extent.y);
    return tiles;
  }

  void enqueue(Stream&) override {
    restart_stages();
    const auto extreme = [&](TileLanes& lanes, auto better) {
      std::vector<double> numbers(tiles().size());
      run(lanes, [&](const Tile& tile, const Image& result) {
        numbers[number_of(tile)] = result.pixels<double>()[0];
      });
      return std::accumulate(numbers.begin(), numbers.end(), numbers[0], better);
    };
    const double least = extreme(lanes_[0], [](double a, double b) { return std::min(a, b); }),
                 greatest = extreme(lanes_[1], [](double a, double b) { return std::max(a, b); });
    const auto read = [&](const Tile& tile, std::size_t, Image& pixels) {
      const Shape& extent = tile.output.extent;
      execute([&] { copy_rows(input(), tile.output.origin, tile.output.extent, pixels, {}); });
      visit_grey(pixels.dtype(), [&]<class T>(std::type_identity<T>) {
        const auto added = pixels.pixels<T>().subspan(static_cast<std::size_t>(extent.voxels()));
        std::fill(added.begin(), added.end(), static_cast<T>(least));
        added.back() = static_cast<T>(greatest);
      });
    };
    const auto table = output().pixels<double>();  // of rows with a bin's lower edge and its count
    std::fill(table.begin(), table.end(), 0.0);
    std::mutex turn;
    run(lanes_[2], with_range_, read, [&](const Tile& tile, const Image& result) {
      const auto counted = result.pixels<double>();
      const std::lock_guard one(turn);
      for (std::size_t i = 0; i < table.size(); i += 2) {
        table[i] = counted[i];
        table[i + 1] += counted[i + 1];
      }
      const auto added =
          static_cast<double>(tile.input.extent.voxels() - tile.output.extent.voxels());
      table[1] -= added - 1;
      table[least == greatest ? 1 : table.size() - 1] -= 1;
    });
  }

 private:
  std::vector<TileLanes> lanes_;
  std::vector<Tile> with_range_;
};

/// What is asked of each tile for a number of the whole; empty where it is not had from tiles.
std::vector<std::string> families_for(const std::string& family) {
  if (family == "StandardDeviationOfAllPixels") return {"MeanOfAllPixels", family};
  if (family == "Histogram") return {"MinimumOfAllPixels", "MaximumOfAllPixels", family};
  for (const char* one :
       {"MinimumOfAllPixels", "MaximumOfAllPixels", "SumOfAllPixels", "MeanOfAllPixels"})
    if (family == one) return {family};
  return {};
}

}  // namespace

TiledEngine::TiledEngine(Engine& engine, const Tiling& tiling)
    : HostEngine(tiled_device(engine.device()), threads_of(engine.device())),
      engine_(engine),
      tiling_(tiling) {
  device_.compute_units = engine.device().compute_units;
}

Prepared TiledEngine::prepare(const Request& request) {
  const Operation& operation = request.operation;
  const Shape& shape = request.inputs[0]->shape();
  const auto families = families_for(operation.family);
  const bool own = tiling_.per_tile != PerTile::no,
             threshold = operation.family == "AutoThreshold" && !own,
             components = operation.family == "ConnectedComponents" && !own;
  if (threshold || components || !families.empty()) {
    tiles_ = cut_plainly(shape, tiling_.tile);
  } else {
    auto made = cut(operation, request.parameters, shape, tiling_);
    if (auto* skip = std::get_if<Skip>(&made)) return std::move(*skip);
    tiles_ = std::get<Tiles>(std::move(made));
  }
  if (threshold) {
    lanes_ = std::min(static_cast<std::size_t>(engine_.concurrent_streams()), tiles_.tiles.size());
    return std::make_unique<ThresholdPlan>(*this, engine_, request, tiles_.tiles, stages_);
  }

  std::vector<DType> dtypes;
  for (const auto& input : request.inputs) dtypes.push_back(input->dtype());
  std::vector<const Operation*> asked;
  for (const auto& family : families)
    asked.push_back(&find_operation(operation_name(family, operation.dims)));
  if (asked.empty()) asked.push_back(&operation);
  const auto with_range = operation.family == "Histogram"
                              ? HistogramPlan::add_range(tiles_.tiles, operation.dims)
                              : std::vector<Tile>{};
  std::vector<TileLanes> lanes;
  for (const Operation* one : asked) {
    const bool itself = one->name == operation.name;
    auto made = TileLanes::prepare(
        {&engine_}, *one, itself ? request.parameters : Parameters(one->parameters), dtypes,
        itself && !with_range.empty() ? with_range : tiles_.tiles, request.largest_label);
    if (auto* skip = std::get_if<Skip>(&made)) return std::move(*skip);
    lanes.push_back(std::get<TileLanes>(std::move(made)));
  }
  lanes_ = lanes[0].lanes();
  if (own && request.output->dtype() == DType::u32)
    return std::make_unique<ObjectsPlan>(*this, std::move(lanes[0]), request, tiling_.per_tile,
                                         tiles_.tiles, stages_);
  if (components)
    return std::make_unique<ComponentsPlan>(*this, std::move(lanes[0]), request, tiles_.tiles,
                                            stages_);
  if (!with_range.empty())
    return std::make_unique<HistogramPlan>(*this, std::move(lanes), request, tiles_.tiles,
                                           with_range, stages_);
  if (!families.empty())
    return std::make_unique<ReductionPlan>(*this, std::move(lanes), request, tiles_.tiles, stages_);
  return std::make_unique<LocalPlan>(*this, std::move(lanes[0]), request, tiles_.tiles, stages_);
}

}  // namespace voxelmark
