#pragma once
#include <memory>
#include <string>

#include "bench/checker.hpp"
#include "bench/engines.hpp"

namespace voxelmark {

/// One case on its way from buffers to a row. All state lives here, outside the benchmark
/// functions.
class CaseRun {
 public:
  CaseRun(const Case& bench_case, const Checker& checker, const std::string& save_folder,
          bool illustrated = false);

  /// Opens the engine, allocates, uploads, prepares, compares. On anything but agreement the run is
  /// over and row() says why.
  void set_up(OpenEngines& engines, double max_time);
  bool running() const { return running_; }
  /// A block of samples after at least 20 ms of untimed work. Gives the block's median in seconds.
  double measure_block();
  /// Whether another block would serve: neither precise, nor out of time, nor interrupted.
  bool wants_more() const;
  std::size_t samples() const { return measurement_.wall.size(); }
  /// Stops the run as a failed row.
  void fail(const std::string& reason);
  /// The last timed run, on poisoned memory, and its comparison; closes the measurement.
  void finish();

  Row row() const { return {case_, outcome_, illustration_}; }

 private:
  void prepare();
  void check_first_result();
  Comparison run_poisoned(std::uint8_t poison, bool timed);
  void save_result() const;
  void measure_transfers();
  double sample();
  void sample_device(std::size_t count);
  void sample_throughput();
  bool precise() const;
  bool time_is_up(double running) const;

  Case case_;
  const Checker& checker_;
  std::string save_folder_;
  bool illustrated_;
  std::shared_ptr<const Illustration> illustration_;
  OpenEngines::Opened* opened_ = nullptr;
  std::unique_ptr<Stream> stream_, profiling_stream_;
  std::unique_ptr<Arena> arena_;
  std::vector<std::shared_ptr<Buffer>> inputs_;
  std::shared_ptr<Buffer> output_;
  std::unique_ptr<Plan> plan_;
  Image result_;
  Measurement measurement_;
  Comparison comparison_;
  double probe_before_ = 0, max_time_ = 0, spent_ = 0;
  bool running_ = false;
  std::variant<Done, Skip, Failed> outcome_ = Skip{"not run"};
};

}  // namespace voxelmark
