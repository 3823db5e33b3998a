#include "engines/operations/detect_maxima.hpp"

#include "engines/opencl/opencl_operations.hpp"
#include "engines/operations/connected_components.hpp"

namespace voxelmark::opencl {

void mark_maxima(PlanBuilder& plan, const Memory& from, DType from_type, const Memory& to,
                 const Shape& shape, const Window& box, float floor) {
  require_countable(shape);
  const std::int64_t voxels = shape.voxels();
  const Scratch highest = plan.scratch(static_cast<std::size_t>(voxels) * bytes_of(from_type)),
                kinds = plan.scratch(static_cast<std::size_t>(voxels)),
                parents = plan.scratch(static_cast<std::size_t>(voxels) * sizeof(cl_uint));
  extreme(plan, Extreme::maximum, from, highest, from_type, shape, box);
  const PlanBuilder::Types types{from_type, DType::u8};
  const auto quads = plan.line(pieces(voxels, 4));
  const cl_long count = voxels, x = shape.x, y = shape.y, z = shape.z;
  plan.launch("detect_maxima:find_candidates", types, quads, from, highest, kinds, parents, x, y, z,
              cl_float{floor});
  plan.launch("detect_maxima:unite_plateaus", types, quads, from, kinds, parents, x, y, z);
  plan.launch("detect_maxima:mark_first", types, quads, kinds, parents, count, to);
  plan.launch("detect_maxima:drop_slopes", types, quads, from, kinds, parents, x, y, z, to);
}

Prepared detect_maxima(PlanBuilder& plan) {
  mark_maxima(plan, plan.input(), plan.dtype(), plan.output(), plan.shape(),
              box_of(plan.parameters()), plan.parameters().number("floor"));
  return plan.finish();
}

}  // namespace voxelmark::opencl
