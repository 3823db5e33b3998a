#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

Prepared mean(PlanBuilder& plan) {
  filter_window(plan, {.options = "-D MEAN", .between = DType::f32, .mean = true}, plan.input(),
                plan.dtype(), plan.output(), plan.output_dtype(), plan.shape(), plan.parameters());
  return plan.finish();
}

}  // namespace voxelmark::opencl
