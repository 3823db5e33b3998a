#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

Prepared combined(PlanBuilder& plan, const char* kernel, const Memory& a, DType a_type,
                  const Memory& b) {
  return pointwise(plan, kernel, {a_type, DType::f32, "-D SECOND=float"}, {a, b});
}

}  // namespace

Prepared difference_of_gaussian(PlanBuilder& plan) {
  const Memory a = blurred_input(plan, "sigma1"), b = blurred_input(plan, "sigma2");
  return combined(plan, "image_arithmetic:difference", a, DType::f32, b);
}

Prepared subtract_gaussian_background(PlanBuilder& plan) {
  return combined(plan, "image_arithmetic:difference", plan.input(), plan.dtype(),
                  blurred_input(plan, "sigma"));
}

Prepared divide_by_gaussian_background(PlanBuilder& plan) {
  return combined(plan, "image_arithmetic:quotient", plan.input(), plan.dtype(),
                  blurred_input(plan, "sigma"));
}

}  // namespace voxelmark::opencl
