#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared fixed_threshold(OpenClEngine& engine, const Request& request) {
  PlanBuilder plan(engine, request);
  const auto& [input, output] = std::tie(request.inputs[0], request.output);
  const cl_long count = output->shape().voxels();
  plan.launch("fixed_threshold", {input->dtype(), output->dtype()}, plan.line((count + 3) / 4),
              input, output, count, cl_float{request.parameters.number("threshold")});
  return plan.finish();
}

}  // namespace voxelmark::opencl
