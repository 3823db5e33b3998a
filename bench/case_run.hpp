#pragma once
#include <memory>
#include <string>

#include "bench/checker.hpp"
#include "bench/engines.hpp"
#include "bench/execution.hpp"
#include "bench/options.hpp"
#include "bench/tiled_engine.hpp"

namespace voxelmark {

/// One case on its way from buffers to a row. All state lives here, outside the benchmark
/// functions.
class CaseRun {
 public:
  CaseRun(const Case& bench_case, const Checker& checker, const Options& options,
          bool illustrated = false);

  /// Opens the engine, allocates, uploads, prepares, compares. On anything but agreement the run is
  /// over, and row() says why.
  void set_up(OpenEngines& engines);
  bool running() const { return running_; }
  /// A block of samples after at least 20 ms of untimed work. Gives the block's median in seconds.
  double measure_block();
  /// Whether another block would serve: neither precise, nor out of time, nor interrupted.
  bool wants_more() const;
  std::size_t samples() const { return measurement_.wall.size(); }
  /// Ends the run with an outcome that is no measurement.
  void end(Outcome outcome);
  /// The last timed run, on poisoned memory, and its comparison; closes the measurement.
  void finish();

  Row row() const { return {case_, outcome_, illustration_}; }

 private:
  Engine& engine() const;
  /// Tiles whose result is to differ, which is what is measured of them.
  bool has_artefacts() const;
  bool prepare();
  /// The same, and in the largest tiles that fit where the image as a whole does not.
  bool prepare_or_cut();
  void check_first_result();
  Comparison run_poisoned(std::uint8_t poison, bool timed);
  void save_result() const;
  void compare_with_uncut();
  void measure_transfers();
  void sample_device(std::size_t count);
  void sample_throughput();
  void prepare_cold();
  void sample_cold(std::size_t count);
  void measure_energy();
  bool precise() const;
  bool time_is_up(double running) const;

  Case case_;
  const Checker& checker_;
  const Options& options_;
  bool illustrated_;
  std::shared_ptr<const Illustration> illustration_;
  OpenEngines::Opened* opened_ = nullptr;
  std::unique_ptr<TiledEngine> tiled_;  ///< before what it makes: it ends last
  std::optional<TilingOutcome> tiling_;
  Execution execution_;
  std::unique_ptr<Stream> profiling_stream_;
  Image result_;
  Measurement measurement_;
  Comparison comparison_;
  std::string disagreement_;
  double probe_before_ = 0, spent_ = 0, spent_cold_ = 0;
  DisturbanceMeter disturbance_;
  bool running_ = false;
  Outcome outcome_ = Skip{"not run"};
};

}  // namespace voxelmark
