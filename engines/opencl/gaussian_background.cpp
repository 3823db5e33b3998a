#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

/// The input's blur as a float32 image.
Memory blurred(PlanBuilder& plan, const char* sigma) {
  const Memory result =
      plan.scratch(static_cast<std::size_t>(plan.shape().voxels()) * sizeof(cl_float));
  blur(plan, plan.input(), plan.dtype(), result, DType::f32, plan.shape(),
       plan.parameters().per_axis(sigma));
  return result;
}

Prepared combined(PlanBuilder& plan, const char* kernel, const Memory& a, DType a_type,
                  const Memory& b) {
  const cl_long count = plan.shape().voxels();
  plan.launch(kernel, {a_type, DType::f32, "-D SECOND=float"}, plan.line((count + 3) / 4), a, b,
              plan.output(), count);
  return plan.finish();
}

}  // namespace

Prepared difference_of_gaussian(PlanBuilder& plan) {
  const Memory a = blurred(plan, "sigma1"), b = blurred(plan, "sigma2");
  return combined(plan, "difference:difference", a, DType::f32, b);
}

Prepared subtract_gaussian_background(PlanBuilder& plan) {
  return combined(plan, "difference:difference", plan.input(), plan.dtype(),
                  blurred(plan, "sigma"));
}

Prepared divide_by_gaussian_background(PlanBuilder& plan) {
  return combined(plan, "difference:quotient", plan.input(), plan.dtype(), blurred(plan, "sigma"));
}

}  // namespace voxelmark::opencl
