#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared maximum_z_projection(OpenClEngine& engine, const Request& request) {
  PlanBuilder plan(engine, request);
  const auto& [input, output] = std::tie(request.inputs[0], request.output);
  const cl_long plane = output->shape().voxels();
  plan.launch("maximum_z_projection", {input->dtype(), output->dtype()}, plan.line(plane), input,
              output, plane, cl_long{input->shape().z});
  return plan.finish();
}

}  // namespace voxelmark::opencl
