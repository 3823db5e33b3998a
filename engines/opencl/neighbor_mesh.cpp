#include "engines/operations/neighbor_mesh.hpp"

#include <algorithm>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared neighbor_mesh(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const std::int64_t rows = std::max<std::int64_t>(1, plan.largest_label());
  const std::int64_t words = (rows + 31) / 32;
  const PlanBuilder::Types types{DType::u32, DType::f64};
  const Scratch bits = plan.scratch(static_cast<std::size_t>(rows * words) * sizeof(cl_uint));
  const Scratch nodes = label_centroids(plan, plan.input());
  const Scratch mean = plan.scratch(3 * sizeof(cl_double));
  const PerAxis spacing = plan.parameters().per_axis("spacing");
  plan.launch("clear_bits", types, plan.line(rows * words), bits, cl_long{rows * words});
  plan.launch("find_touching", types, plan.volume(shape), plan.input(), cl_long{shape.x},
              cl_long{shape.y}, cl_long{shape.z}, cl_long{rows}, cl_long{words}, bits);
  plan.launch("scale_nodes", types, plan.line(rows), nodes, cl_long{rows},
              static_cast<cl_double>(spacing.x), static_cast<cl_double>(spacing.y),
              static_cast<cl_double>(spacing.z));
  plan.launch("find_mean", types, plan.groups(1, 256), nodes, cl_long{rows}, mean);
  const auto groups = plan.groups(rows, 64);
  plan.launch("mesh_rows", types, groups, nodes, cl_long{rows}, mean, bits, cl_long{words},
              cl_double{cone_cosine(plan.parameters())}, plan.output(),
              cl::Local(groups.local.get()[0] * sizeof(cl_double4)));
  return plan.finish();
}

}  // namespace voxelmark::opencl
