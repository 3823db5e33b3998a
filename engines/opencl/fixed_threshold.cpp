#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared fixed_threshold(PlanBuilder& plan) {
  const cl_long count = plan.shape().voxels();
  plan.launch("fixed_threshold", {plan.dtype(), plan.output_dtype()}, plan.line((count + 3) / 4),
              plan.input(), plan.output(), count, cl_float{plan.parameters().number("threshold")});
  return plan.finish();
}

}  // namespace voxelmark::opencl
