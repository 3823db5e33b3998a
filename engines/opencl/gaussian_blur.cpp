#include "engines/operations/gaussian_blur.hpp"

#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

void blur(PlanBuilder& plan, const Memory& from, DType from_type, const Memory& to, DType to_type,
          const Shape& shape, const PerAxis& sigma) {
  filter_separably(
      plan, {.options = "-D GAUSSIAN", .between = DType::f32, .weights = gaussian_weights(sigma)},
      from, from_type, to, to_type, shape, gaussian_reach(sigma));
}

Scratch blurred_input(PlanBuilder& plan, const char* sigma) {
  const Scratch blurred =
      plan.scratch(static_cast<std::size_t>(plan.shape().voxels()) * sizeof(cl_float));
  blur(plan, plan.input(), plan.dtype(), blurred, DType::f32, plan.shape(),
       plan.parameters().per_axis(sigma));
  return blurred;
}

Prepared gaussian_blur(PlanBuilder& plan) {
  blur(plan, plan.input(), plan.dtype(), plan.output(), plan.output_dtype(), plan.shape(),
       plan.parameters().per_axis("sigma"));
  return plan.finish();
}

}  // namespace voxelmark::opencl
