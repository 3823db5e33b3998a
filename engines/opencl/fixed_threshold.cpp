#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared fixed_threshold(PlanBuilder& plan) {
  return pointwise(plan, "fixed_threshold", types_of(plan), {plan.input()},
                   cl_float{plan.parameters().number("threshold")});
}

}  // namespace voxelmark::opencl
