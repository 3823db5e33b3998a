#include "bench/results.hpp"

#include <cmath>

#include "bench/statistics.hpp"

namespace voxelmark {

double compute_seconds(const Measurement& measurement) { return median(measurement.wall); }

double total_seconds(const Measurement& measurement) {
  double seconds = compute_seconds(measurement);
  for (const auto* transfers : {&measurement.upload, &measurement.download})
    if (!transfers->empty()) seconds += median(*transfers);
  return seconds;
}

double protocol_seconds(const Measurement& measurement) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < measurement.round_trip.size(); ++i)
    seconds.push_back(measurement.round_trip[i] - measurement.wall[i]);
  return seconds.empty() ? 0 : median(seconds);
}

bool clock_drifted(const Measurement& measurement) {
  return std::abs(measurement.clock_drift) > 0.02;
}

std::string disturbance_text(const Measurement& measurement) {
  const std::string outside = measurement.disturbance.text(),
                    drift = clock_drifted(measurement) ? "the clock moved by more than 2 %" : "";
  return drift + (drift.empty() || outside.empty() ? "" : ", ") + outside;
}

const Row* best_cpu_row(const std::vector<Row>& rows) {
  const Row* best = nullptr;
  for (const auto& row : rows) {
    const auto* done = std::get_if<Done>(&row.outcome);
    if (!done || done->comparison.is_reference || !is_verified(*done) || row.bench_case.tiling ||
        !row.bench_case.entry.device.is_cpu())
      continue;
    if (!best ||
        total_seconds(done->measurement) < total_seconds(std::get<Done>(best->outcome).measurement))
      best = &row;
  }
  return best;
}

Tally tally(const std::vector<GroupResult>& groups) {
  Tally count;
  for (const auto& group : groups)
    for (const auto& row : group.rows) {
      const auto* done = std::get_if<Done>(&row.outcome);
      count.done += done != nullptr;
      count.disagreeing += done && !done->disagreement.empty();
      count.skipped += std::holds_alternative<Skip>(row.outcome);
      count.failed += std::holds_alternative<Failed>(row.outcome);
    }
  return count;
}

}  // namespace voxelmark
