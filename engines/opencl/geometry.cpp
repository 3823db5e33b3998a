// Voxels that only move: turns, reslices, crops.
#include "engines/opencl/opencl_operations.hpp"
#include "engines/operations/crop.hpp"
#include "engines/operations/reslice.hpp"
#include "engines/operations/rotate.hpp"

namespace voxelmark::opencl {

void copy_view(PlanBuilder& plan, const Memory& from, const Memory& to, DType dtype,
               const StridedView& view) {
  const PlanBuilder::Types types{dtype, dtype};
  const auto& [shape, origin, stride] = view;
  if (stride[0] == 1 || stride[0] == -1) {
    constexpr std::int64_t per_item = 4;  // as in the kernel
    const Shape items{shape.x, pieces(shape.y, per_item), shape.z};
    plan.launch("geometry:copy_rows", types, plan.volume(items), from, to, cl_long{shape.x},
                cl_long{shape.y}, cl_long{shape.z}, cl_long{origin}, cl_long{stride[0]},
                cl_long{stride[1]}, cl_long{stride[2]});
    return;
  }
  // The axis along the input's rows shares tiles with x.
  constexpr std::int64_t tile = 32;  // as in the kernel
  const bool rows_along_y = stride[1] == 1 || stride[1] == -1;
  const int near = rows_along_y ? 1 : 2, far = rows_along_y ? 2 : 1;
  const std::array extents{shape.x, shape.y, shape.z};
  const std::array<std::int64_t, 3> to_stride{1, shape.x, shape.x * shape.y};
  const std::int64_t rows = plan.group_rows(tile);
  const auto range = PlanBuilder::Range::of_groups(
      {pieces(shape.x, tile), pieces(extents[near], tile), extents[far]}, tile, rows);
  plan.launch("geometry:copy_tiles", {dtype, dtype, "-D GROUP_ROWS=" + std::to_string(rows)}, range,
              from, to, cl_long{shape.x}, cl_long{extents[near]}, cl_long{origin},
              cl_long{stride[0]}, cl_long{stride[near]}, cl_long{stride[far]},
              cl_long{to_stride[near]}, cl_long{to_stride[far]});
}

Prepared rotate(PlanBuilder& plan) {
  copy_view(plan, plan.input(), plan.output(), plan.dtype(),
            turned(plan.parameters(), plan.shape()));
  return plan.finish();
}

Prepared reslice(PlanBuilder& plan) {
  copy_view(plan, plan.input(), plan.output(), plan.dtype(),
            resliced(plan.parameters(), plan.shape()));
  return plan.finish();
}

Prepared flip(PlanBuilder& plan) {
  const std::string& axis = plan.parameters().choice("axis");
  copy_view(plan, plan.input(), plan.output(), plan.dtype(),
            permuted(plan.shape(), {AxisSource{0, axis == "x"}, AxisSource{1, axis == "y"},
                                    AxisSource{2, axis == "z"}}));
  return plan.finish();
}

Prepared crop(PlanBuilder& plan) {
  copy_view(plan, plan.input(), plan.output(), plan.dtype(),
            part(plan.shape(), cropped(plan.parameters(), plan.shape())));
  return plan.finish();
}

}  // namespace voxelmark::opencl
