#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared flip(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const std::string& axis = plan.parameters().choice("axis");
  plan.launch("flip", {plan.dtype(), plan.output_dtype()}, plan.volume(shape), plan.input(),
              plan.output(), cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
              cl_int{axis == "x"   ? 0
                     : axis == "y" ? 1
                                   : 2});
  return plan.finish();
}

}  // namespace voxelmark::opencl
