#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared add_scalar(OpenClEngine& engine, const Request& request) {
  PlanBuilder plan(engine, request);
  const auto& [input, output] = std::tie(request.inputs[0], request.output);
  const cl_long count = output->shape().voxels();
  plan.launch("add_scalar", {input->dtype(), output->dtype()}, plan.line((count + 3) / 4), input,
              output, count, cl_float{request.parameters.number("scalar")});
  return plan.finish();
}

}  // namespace voxelmark::opencl
