#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

Prepared mean(PlanBuilder& plan) {
  filter_window(plan, "-D MEAN", plan.input(), plan.dtype(), DType::f32, plan.output(),
                plan.output_dtype(), plan.shape(), plan.parameters());
  return plan.finish();
}

}  // namespace voxelmark::opencl
