#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared add_scalar(PlanBuilder& plan) {
  const cl_long count = plan.shape().voxels();
  plan.launch("add_scalar", {plan.dtype(), plan.output_dtype()}, plan.line((count + 3) / 4),
              plan.input(), plan.output(), count, cl_float{plan.parameters().number("scalar")});
  return plan.finish();
}

}  // namespace voxelmark::opencl
