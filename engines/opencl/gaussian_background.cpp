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
  return pointwise(plan, kernel, {a_type, DType::f32, "-D SECOND=float"}, {a, b});
}

}  // namespace

Prepared difference_of_gaussian(PlanBuilder& plan) {
  const Memory a = blurred(plan, "sigma1"), b = blurred(plan, "sigma2");
  return combined(plan, "image_arithmetic:difference", a, DType::f32, b);
}

Prepared subtract_gaussian_background(PlanBuilder& plan) {
  return combined(plan, "image_arithmetic:difference", plan.input(), plan.dtype(),
                  blurred(plan, "sigma"));
}

Prepared divide_by_gaussian_background(PlanBuilder& plan) {
  return combined(plan, "image_arithmetic:quotient", plan.input(), plan.dtype(),
                  blurred(plan, "sigma"));
}

}  // namespace voxelmark::opencl
