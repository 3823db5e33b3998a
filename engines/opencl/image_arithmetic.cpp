#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared multiply_scalar(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:multiply_scalar", types_of(plan), {plan.input()},
                   cl_float{plan.parameters().number("scalar")});
}

Prepared add_images_weighted(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:add_images_weighted", types_of(plan),
                   {plan.input(0), plan.input(1)}, cl_float{plan.parameters().number("factor1")},
                   cl_float{plan.parameters().number("factor2")});
}

Prepared binary_and(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:binary_and", types_of(plan),
                   {plan.input(0), plan.input(1)});
}

Prepared absolute_difference(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:absolute_difference", types_of(plan),
                   {plan.input(0), plan.input(1)});
}

Prepared squared_difference(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:squared_difference", types_of(plan),
                   {plan.input(0), plan.input(1)});
}

}  // namespace voxelmark::opencl
