#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

/// The second extreme of the first one.
Memory opened_or_closed(PlanBuilder& plan, Extreme first, Extreme second) {
  const Shape& shape = plan.shape();
  const auto bytes = static_cast<std::size_t>(shape.voxels()) * bytes_of(plan.dtype());
  const Memory between = plan.scratch(bytes), result = plan.scratch(bytes);
  extreme(plan, first, plan.input(), between, plan.dtype(), shape, plan.parameters());
  extreme(plan, second, between, result, plan.dtype(), shape, plan.parameters());
  return result;
}

Prepared subtracted(PlanBuilder& plan, const Memory& a, const Memory& b) {
  return pointwise(plan, "image_arithmetic:difference", types_of(plan), {a, b});
}

}  // namespace

Prepared top_hat(PlanBuilder& plan) {
  const Memory opened = opened_or_closed(plan, Extreme::minimum, Extreme::maximum);
  return subtracted(plan, plan.input(), opened);
}

Prepared bottom_hat(PlanBuilder& plan) {
  const Memory closed = opened_or_closed(plan, Extreme::maximum, Extreme::minimum);
  return subtracted(plan, closed, plan.input());
}

}  // namespace voxelmark::opencl
