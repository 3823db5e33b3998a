#include "engines/operations/connected_components.hpp"

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

void inclusive_scan(PlanBuilder& plan, const Memory& values, std::int64_t count) {
  constexpr std::int64_t items = 8;  // as in the kernel
  constexpr std::size_t largest_group = 256;
  const auto group = static_cast<std::int64_t>(plan.groups(1, largest_group).local.get()[0]);
  const std::int64_t blocks = (count + group * items - 1) / (group * items);
  const PlanBuilder::Range range = plan.groups(blocks, largest_group);
  const auto sums = cl::Local(static_cast<std::size_t>(group) * sizeof(cl_uint));
  const PlanBuilder::Types types{DType::u32, DType::u32};
  if (blocks == 1)
    return plan.launch("scan:running_sums", types, range, values, cl_long{count}, values, sums);
  const Scratch totals = plan.scratch(static_cast<std::size_t>(blocks) * sizeof(cl_uint));
  plan.launch("scan:block_sums", types, range, values, cl_long{count}, totals, sums);
  inclusive_scan(plan, totals, blocks);
  plan.launch("scan:running_sums", {DType::u32, DType::u32, "-D HAS_TOTALS"}, range, values,
              cl_long{count}, totals, sums);
}

void components(PlanBuilder& plan, const Memory& mask, DType mask_type, const Memory& labels,
                const Shape& shape, bool box) {
  require_countable(shape);
  const std::int64_t voxels = shape.voxels();
  const Scratch parents = plan.scratch(static_cast<std::size_t>(voxels) * sizeof(cl_uint));
  const PlanBuilder::Types types{mask_type, DType::u32, box ? "-D BOX" : ""};
  for (const char* kernel : {"connected_components:find_runs", "connected_components:unite_runs"})
    plan.launch(kernel, types, plan.volume(shape), mask, parents, cl_long{shape.x},
                cl_long{shape.y}, cl_long{shape.z});
  plan.launch("connected_components:mark_roots", types, plan.line(voxels), parents, cl_long{voxels},
              labels);
  inclusive_scan(plan, labels, voxels);
  plan.launch("connected_components:label_voxels", types, plan.line(voxels), parents,
              cl_long{voxels}, labels);
}

Prepared connected_components(PlanBuilder& plan) {
  components(plan, plan.input(), plan.dtype(), plan.output(), plan.shape(),
             box_neighbours(plan.parameters()));
  return plan.finish();
}

}  // namespace voxelmark::opencl
