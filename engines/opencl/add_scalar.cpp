#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared add_scalar(PlanBuilder& plan) {
  return pointwise(plan, "add_scalar", types_of(plan), {plan.input()},
                   cl_float{plan.parameters().number("scalar")});
}

}  // namespace voxelmark::opencl
