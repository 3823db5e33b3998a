#include "bench/reference_time.hpp"

#include <algorithm>
#include <limits>

#include "bench/inputs.hpp"
#include "engines/core/clock.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark {

double predict_reference_seconds(const Operation& operation, const Parameters& parameters,
                                 const Shape& shape, DType dtype) {
  const Shape small{std::min<std::int64_t>(shape.x, 64), std::min<std::int64_t>(shape.y, 64),
                    std::min<std::int64_t>(shape.z, 8)};
  const auto images = generated_inputs(operation, "noise", small, dtype, 1);
  const auto inputs = pointers_to(images);
  Image output(operation.result_shape(parameters, small, largest_label(operation, inputs)),
               operation.result_dtype(parameters, dtype));
  // The fastest of several: a short run that the system interrupted once looks a hundred times as
  // long.
  constexpr double enough_seconds = 0.1;
  constexpr int most_runs = 5;
  double fastest = std::numeric_limits<double>::max(), spent = 0;
  for (int run = 0; run < most_runs && spent < enough_seconds; ++run) {
    const auto start = Clock::now();
    reference::compute({operation, parameters, inputs}, output);
    const double seconds = seconds_since(start);
    fastest = std::min(fastest, seconds);
    spent += seconds;
  }
  return fastest * static_cast<double>(shape.voxels()) / static_cast<double>(small.voxels());
}

}  // namespace voxelmark
