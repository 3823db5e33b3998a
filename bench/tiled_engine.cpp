#include "bench/tiled_engine.hpp"

namespace voxelmark {

namespace {

Device tiled_device(Device device) {
  device.host_memory = true;
  return device;
}

class TiledPlan final : public Plan {
 public:
  TiledPlan(TileLanes lanes, std::vector<Tile> tiles, const Request& request,
            std::shared_ptr<TileStages> stages)
      : lanes_(std::move(lanes)),
        tiles_(std::move(tiles)),
        inputs_(request.inputs),
        output_(request.output),
        stages_(std::move(stages)) {}

  void enqueue(Stream&) override {
    Image& output = host(output_).image();  // before lanes ask for it, two of which could allocate
    *stages_ = lanes_.run(
        tiles_,
        [&](const Tile& tile, std::size_t input, Image& pixels) {
          copy_box(host(inputs_[input]).image(), tile.input.origin, tile.input.extent, pixels, {});
        },
        [&](const Tile& tile, const Image& result) {
          copy_box(result, tile.kept, tile.output.extent, output, tile.output.origin);
        });
  }

 private:
  TileLanes lanes_;
  std::vector<Tile> tiles_;
  std::vector<std::shared_ptr<Buffer>> inputs_;
  std::shared_ptr<Buffer> output_;
  std::shared_ptr<TileStages> stages_;
};

}  // namespace

TiledEngine::TiledEngine(Engine& engine, const Tiling& tiling)
    : HostEngine(tiled_device(engine.device()), 0), engine_(engine), tiling_(tiling) {
  device_.compute_units = engine.device().compute_units;
}

Prepared TiledEngine::prepare(const Request& request) {
  auto made = cut(request.operation, request.parameters, request.inputs[0]->shape(), tiling_);
  if (auto* skip = std::get_if<Skip>(&made)) return std::move(*skip);
  tiles_ = std::get<Tiles>(std::move(made));
  std::vector<DType> dtypes;
  for (const auto& input : request.inputs) dtypes.push_back(input->dtype());
  auto lanes = TileLanes::prepare({&engine_}, request.operation, request.parameters, dtypes,
                                  tiles_.tiles, request.largest_label);
  if (auto* skip = std::get_if<Skip>(&lanes)) return std::move(*skip);
  auto& prepared = std::get<TileLanes>(lanes);
  lanes_ = prepared.lanes();
  return std::make_unique<TiledPlan>(std::move(prepared), tiles_.tiles, request, stages_);
}

}  // namespace voxelmark
