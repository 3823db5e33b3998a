#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared flip(OpenClEngine& engine, const Request& request) {
  PlanBuilder plan(engine, request);
  const auto& [input, output] = std::tie(request.inputs[0], request.output);
  const Shape& shape = output->shape();
  const std::string& axis = request.parameters.choice("axis");
  plan.launch("flip", {input->dtype(), output->dtype()}, plan.volume(shape), input, output,
              cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
              cl_int{axis == "x"   ? 0
                     : axis == "y" ? 1
                                   : 2});
  return plan.finish();
}

}  // namespace voxelmark::opencl
