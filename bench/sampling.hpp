#pragma once
#include <functional>

#include "bench/case.hpp"
#include "bench/execution.hpp"
#include "engines/core/clock.hpp"

namespace voxelmark {

/// Seconds of the work, by the engine's own clock where that is in another process.
template <class Work>
double timed(Stream& stream, const Work& work) {
  stream.own_seconds();
  const auto start = Clock::now();
  work();
  const double elapsed = seconds_since(start);
  return stream.own_seconds().value_or(elapsed);
}

/// CPU time of this process in seconds.
double process_cpu_seconds();

/// Adds samples of the plan to the measurement, one behind the other: `count`, or fewer where
/// `enough`, asked after each with the seconds of all, says so. Gives them. With `round_trips` a
/// call as this process sees it is kept beside each.
std::vector<double> take_samples(Execution& execution, std::size_t count,
                                 const std::function<bool(double)>& enough, bool round_trips,
                                 Measurement& measurement);

/// What measuring itself costs, by a plan that does nothing. Seconds.
struct HarnessCost {
  double no_op = 0;  ///< what such a plan reads, the median
  double outside =
      0;  ///< the time of a sample that its reading does not hold, the median of blocks
};
HarnessCost measure_harness_cost();

}  // namespace voxelmark
