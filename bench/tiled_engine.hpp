#pragma once
#include "bench/tile_lanes.hpp"
#include "engines/core/host_engine.hpp"

namespace voxelmark {

/// Does operations tile by tile on another engine, from images in host memory to images in host
/// memory: transfers are part of a plan's time. That engine must outlive it.
class TiledEngine final : public HostEngine {
 public:
  TiledEngine(Engine& engine, const Tiling& tiling);

  Prepared prepare(const Request& request) override;
  Probe arithmetic_probe() override { return engine_.arithmetic_probe(); }
  std::size_t bytes_in_use() const override { return engine_.bytes_in_use(); }
  std::size_t reset_peak() override { return engine_.reset_peak(); }
  std::size_t peak_bytes() const override { return engine_.peak_bytes(); }

  /// How the plan that was made last cuts its image.
  const Tiles& tiles() const { return tiles_; }
  std::size_t lanes() const { return lanes_; }
  /// Of the last run of a plan.
  const TileStages& stages() const { return *stages_; }

 private:
  Engine& engine_;
  Tiling tiling_;
  Tiles tiles_;
  std::size_t lanes_ = 0;
  std::shared_ptr<TileStages> stages_ = std::make_shared<TileStages>();
};

}  // namespace voxelmark
