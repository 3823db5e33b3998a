#include "bench/sampling.hpp"

#include <ctime>

#include "bench/statistics.hpp"

namespace voxelmark {

namespace {

class IdleStream final : public Stream {
 public:
  void upload(const Image&, Buffer&) override {}
  void download(const Buffer&, Image&) override {}
  void copy(const Buffer&, Buffer&) override {}
  void fill(Buffer&, std::uint8_t) override {}
  void sync() override {}
};

class IdlePlan final : public Plan {
 public:
  void enqueue(Stream&) override {}
};

}  // namespace

double process_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<double> take_samples(Execution& execution, std::size_t count,
                                 const std::function<bool(double)>& enough, bool round_trips,
                                 Measurement& measurement) {
  std::vector<double> block, calls;
  block.reserve(count);
  calls.reserve(count);
  // Once a block: the kernel adds up the time of all threads, which takes microseconds.
  const double cpu_start = process_cpu_seconds();
  const auto keep = [&] {
    const double cpu = process_cpu_seconds() - cpu_start;
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(measurement.wall, block);
    append(measurement.round_trip, calls);
    measurement.cpu.resize(measurement.wall.size(), cpu / static_cast<double>(block.size()));
  };
  double clocked = 0;
  const auto start = Clock::now();
  try {
    do {
      const auto call = round_trips ? Clock::now() : start;
      block.push_back(timed(*execution.stream, [&] { execution.run(); }));
      if (round_trips) calls.push_back(seconds_since(call));
      clocked += round_trips ? calls.back() : block.back();
    } while (block.size() < count && !enough(clocked));
  } catch (...) {
    keep();  // what was sampled before an interrupt
    throw;
  }
  const double all = seconds_since(start);
  measurement.sampling += all;
  measurement.outside += all - clocked;
  keep();
  return block;
}

HarnessCost measure_harness_cost() {
  constexpr std::size_t blocks = 200, block_size = 5;
  Execution idle;
  idle.stream = std::make_unique<IdleStream>();
  idle.plan = std::make_unique<IdlePlan>();
  std::vector<double> readings, outside;
  for (std::size_t i = 0; i < blocks; ++i) {
    Measurement m;
    take_samples(
        idle, block_size, [](double seconds) { return seconds > 1; }, false, m);
    readings.insert(readings.end(), m.wall.begin(), m.wall.end());
    outside.push_back(m.outside / static_cast<double>(block_size));
  }
  return {median(readings), median(outside)};
}

}  // namespace voxelmark
