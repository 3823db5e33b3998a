#include <algorithm>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

constexpr std::size_t group_size = 256;

/// Groups of a launch: enough to fill a large device, each with enough voxels to pay for
/// its joining.
std::int64_t group_count(std::int64_t voxels) {
  constexpr std::int64_t voxels_per_group = 16 * group_size, most = 512;
  return std::clamp<std::int64_t>(voxels / voxels_per_group, 1, most);
}

cl::LocalSpaceArg shared(const PlanBuilder::Range& items, std::size_t bytes) {
  return cl::Local(items.local.get()[0] * bytes);
}

PlanBuilder::Types types(DType input, const char* kernel) { return {input, DType::f64, kernel}; }

/// The groups that reduce an image of `voxels`, and what each hands to the last one (`words` 32-bit
/// numbers), as the kernels take it.
struct Reduction {
  Reduction(PlanBuilder& plan, std::int64_t voxels, std::size_t words)
      : range(plan.groups(group_count(voxels), group_size)),
        parts(
            plan.scratch(static_cast<std::size_t>(group_count(voxels)) * words * sizeof(cl_uint))),
        finished(plan.state(1)),
        count(voxels) {}

  PlanBuilder::Range range;
  Scratch parts;
  cl::Buffer finished;
  cl_long count;
};
constexpr cl_uint zero = 0;

/// The sum of all voxels, or their mean, as one double.
void sum(PlanBuilder& plan, double divisor) {
  plan.require_doubles();
  const Reduction all(plan, plan.shape().voxels(), 2);
  plan.launch("all_pixels:sum_all", types(plan.dtype(), "-D SUM_ALL"), all.range, plan.input(),
              all.count, all.parts, all.finished, zero, cl_double{divisor}, plan.output(),
              shared(all.range, sizeof(cl_ulong)));
}

}  // namespace

void extrema(PlanBuilder& plan, const Memory& from, DType from_type, const Shape& shape,
             const Memory& to, ExtremaPlaces places, const Memory& cleared, cl_long cells) {
  plan.require_doubles();
  const Reduction all(plan, shape.voxels(), 2);
  plan.launch("all_pixels:extrema_all", types(from_type, "-D EXTREMA_ALL"), all.range, from,
              all.count, all.parts, all.finished, zero, to, places.least, places.greatest, cleared,
              cells, shared(all.range, 2 * bytes_of(from_type)));
}

Prepared sum_of_all_pixels(PlanBuilder& plan) {
  sum(plan, 1);
  return plan.finish();
}

Prepared mean_of_all_pixels(PlanBuilder& plan) {
  sum(plan, static_cast<double>(plan.shape().voxels()));
  return plan.finish();
}

Prepared standard_deviation_of_all_pixels(PlanBuilder& plan) {
  plan.require_doubles();
  const Reduction all(plan, plan.shape().voxels(), 6);
  plan.launch("all_pixels:deviation_all", types(plan.dtype(), "-D DEVIATION_ALL"), all.range,
              plan.input(), all.count, all.parts, all.finished, zero, plan.output(),
              shared(all.range, sizeof(cl_double4)));
  return plan.finish();
}

Prepared minimum_of_all_pixels(PlanBuilder& plan) {
  extrema(plan, plan.input(), plan.dtype(), plan.shape(), plan.output(), {0, -1}, plan.output(), 0);
  return plan.finish();
}

Prepared maximum_of_all_pixels(PlanBuilder& plan) {
  extrema(plan, plan.input(), plan.dtype(), plan.shape(), plan.output(), {-1, 0}, plan.output(), 0);
  return plan.finish();
}

}  // namespace voxelmark::opencl
