#include "bench/reference_time.hpp"

#include <algorithm>
#include <chrono>

#include "bench/inputs.hpp"
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
  const auto start = std::chrono::steady_clock::now();
  reference::compute({operation, parameters, inputs}, output);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() * static_cast<double>(shape.voxels()) /
         static_cast<double>(small.voxels());
}

}  // namespace voxelmark
