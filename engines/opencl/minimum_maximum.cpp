#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

namespace {

std::string option(Extreme which) {
  return which == Extreme::minimum ? "-D MINIMUM" : "-D MAXIMUM";
}

Prepared filter(PlanBuilder& plan, Extreme which) {
  extreme(plan, which, plan.input(), plan.output(), plan.dtype(), plan.shape(), plan.parameters());
  return plan.finish();
}

Prepared filter_mask(PlanBuilder& plan, Extreme which) {
  binary_extreme(plan, which, plan.input(), plan.dtype(), plan.output(), plan.shape(),
                 plan.parameters());
  return plan.finish();
}

}  // namespace

void extreme(PlanBuilder& plan, Extreme which, const Memory& from, const Memory& to, DType type,
             const Shape& shape, const Window& window) {
  filter_window(plan, {option(which), type}, from, type, to, type, shape, window);
}

void binary_extreme(PlanBuilder& plan, Extreme which, const Memory& from, DType from_type,
                    const Memory& to, const Shape& shape, const Window& window) {
  filter_window(plan, {option(which) + " -D BINARY", DType::u8}, from, from_type, to, DType::u8,
                shape, window);
}

Prepared minimum(PlanBuilder& plan) { return filter(plan, Extreme::minimum); }
Prepared maximum(PlanBuilder& plan) { return filter(plan, Extreme::maximum); }
Prepared erode(PlanBuilder& plan) { return filter_mask(plan, Extreme::minimum); }
Prepared dilate(PlanBuilder& plan) { return filter_mask(plan, Extreme::maximum); }

}  // namespace voxelmark::opencl
