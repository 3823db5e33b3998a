#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

/// A launch over all voxels, four a work-item: arguments are the inputs, the output, the count of
/// voxels, and what else the kernel takes.
template <class... Arguments>
Prepared pointwise(PlanBuilder& plan, const char* kernel, std::size_t inputs,
                   const Arguments&... arguments) {
  const cl_long count = plan.shape().voxels();
  const PlanBuilder::Types types{plan.dtype(), plan.output_dtype()};
  const auto items = plan.line((count + 3) / 4);
  if (inputs == 1)
    plan.launch(kernel, types, items, plan.input(), plan.output(), count, arguments...);
  else
    plan.launch(kernel, types, items, plan.input(0), plan.input(1), plan.output(), count,
                arguments...);
  return plan.finish();
}

}  // namespace

Prepared multiply_scalar(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:multiply_scalar", 1,
                   cl_float{plan.parameters().number("scalar")});
}

Prepared add_images_weighted(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:add_images_weighted", 2,
                   cl_float{plan.parameters().number("factor1")},
                   cl_float{plan.parameters().number("factor2")});
}

Prepared binary_and(PlanBuilder& plan) { return pointwise(plan, "image_arithmetic:binary_and", 2); }

Prepared absolute_difference(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:absolute_difference", 2);
}

Prepared squared_difference(PlanBuilder& plan) {
  return pointwise(plan, "image_arithmetic:squared_difference", 2);
}

}  // namespace voxelmark::opencl
