#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared maximum_z_projection(PlanBuilder& plan) {
  const cl_long plane = plan.output_shape().voxels();
  plan.launch("maximum_z_projection", {plan.dtype(), plan.output_dtype()}, plan.line(plane),
              plan.input(), plan.output(), plane, cl_long{plan.shape().z});
  return plan.finish();
}

}  // namespace voxelmark::opencl
