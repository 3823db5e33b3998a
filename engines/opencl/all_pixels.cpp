#include <algorithm>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

constexpr std::size_t group_size = 256;

/// Groups of the first launch: enough to fill a large device, each with enough voxels to pay for
/// its joining.
std::int64_t group_count(std::int64_t voxels) {
  constexpr std::int64_t voxels_per_group = 16 * group_size, most = 1024;
  return std::clamp<std::int64_t>(voxels / voxels_per_group, 1, most);
}

cl::LocalSpaceArg shared(const PlanBuilder::Range& items, std::size_t bytes) {
  return cl::Local(items.local.get()[0] * bytes);
}

PlanBuilder::Types types(DType input) { return {input, DType::f64}; }

/// The sum of all voxels, or their mean, as one double.
void sum(PlanBuilder& plan, double divisor, const Memory& to) {
  plan.require_doubles();
  const std::int64_t voxels = plan.shape().voxels(), groups = group_count(voxels);
  const auto many = plan.groups(groups, group_size), one = plan.groups(1, group_size);
  const Scratch parts = plan.scratch(static_cast<std::size_t>(groups) * sizeof(cl_ulong));
  plan.launch("all_pixels:sum_parts", types(plan.dtype()), many, plan.input(), cl_long{voxels},
              parts, shared(many, sizeof(cl_ulong)));
  plan.launch("all_pixels:sum_total", types(plan.dtype()), one, parts, static_cast<cl_int>(groups),
              cl_double{divisor}, to, shared(one, sizeof(cl_ulong)));
}

/// Writes the least and the greatest value at these places of `to`; nowhere where negative.
void extrema(PlanBuilder& plan, const Memory& from, DType from_type, const Shape& shape,
             const Memory& to, cl_int least_at, cl_int greatest_at) {
  plan.require_doubles();
  const ExtremaParts found = extrema_parts(plan, from, from_type, shape, to, 0);
  const auto one = plan.groups(1, group_size);
  const std::size_t bytes = bytes_of(from_type);
  plan.launch("all_pixels:extrema_total", types(from_type), one, found.parts, found.count, to,
              least_at, greatest_at, shared(one, bytes), shared(one, bytes));
}

double voxel_count(const PlanBuilder& plan) { return static_cast<double>(plan.shape().voxels()); }

}  // namespace

ExtremaParts extrema_parts(PlanBuilder& plan, const Memory& from, DType from_type,
                           const Shape& shape, const Memory& cleared, cl_long cells) {
  const std::int64_t voxels = shape.voxels(), groups = group_count(voxels);
  const auto many = plan.groups(groups, group_size);
  const std::size_t bytes = bytes_of(from_type);
  const Scratch parts = plan.scratch(2 * static_cast<std::size_t>(groups) * bytes);
  plan.launch("all_pixels:extrema_parts", types(from_type), many, from, cl_long{voxels}, parts,
              shared(many, bytes), shared(many, bytes), cleared, cells);
  return {parts, static_cast<cl_int>(groups)};
}

void extrema(PlanBuilder& plan, const Memory& from, DType from_type, const Shape& shape,
             const Memory& to) {
  extrema(plan, from, from_type, shape, to, 0, 1);
}

Prepared sum_of_all_pixels(PlanBuilder& plan) {
  sum(plan, 1, plan.output());
  return plan.finish();
}

Prepared mean_of_all_pixels(PlanBuilder& plan) {
  sum(plan, voxel_count(plan), plan.output());
  return plan.finish();
}

Prepared standard_deviation_of_all_pixels(PlanBuilder& plan) {
  plan.require_doubles();
  const std::int64_t voxels = plan.shape().voxels(), groups = group_count(voxels);
  const auto many = plan.groups(groups, group_size), one = plan.groups(1, group_size);
  const Scratch parts = plan.scratch(static_cast<std::size_t>(groups) * sizeof(cl_double4));
  plan.launch("all_pixels:deviation_parts", types(plan.dtype()), many, plan.input(),
              cl_long{voxels}, parts, shared(many, sizeof(cl_double4)));
  plan.launch("all_pixels:deviation_total", types(plan.dtype()), one, parts,
              static_cast<cl_int>(groups), plan.output(), shared(one, sizeof(cl_double4)));
  return plan.finish();
}

Prepared minimum_of_all_pixels(PlanBuilder& plan) {
  extrema(plan, plan.input(), plan.dtype(), plan.shape(), plan.output(), 0, -1);
  return plan.finish();
}

Prepared maximum_of_all_pixels(PlanBuilder& plan) {
  extrema(plan, plan.input(), plan.dtype(), plan.shape(), plan.output(), -1, 0);
  return plan.finish();
}

}  // namespace voxelmark::opencl
