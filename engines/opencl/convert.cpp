#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared convert(PlanBuilder& plan) {
  const cl_long count = plan.shape().voxels();
  plan.launch("convert_pixels",
              {plan.dtype(), plan.output_dtype(),
               plan.output_dtype() == DType::f32 ? "-D OUT_IS_FLOAT" : ""},
              plan.line((count + 3) / 4), plan.input(), plan.output(), count);
  return plan.finish();
}

}  // namespace voxelmark::opencl
