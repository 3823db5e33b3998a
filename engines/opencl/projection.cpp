#include "engines/operations/projection.hpp"

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

Prepared project(PlanBuilder& plan, int axis, const char* statistic) {
  const Shape& shape = plan.shape();
  PlanBuilder::Types types{plan.dtype(), plan.output_dtype(), std::string("-D ") + statistic};
  const std::int64_t lanes = axis == 0 ? 32 : 64;  // as in the kernels
  std::int64_t rows = plan.group_rows(lanes);
  if (axis == 0) {
    types.options += " -D GROUP_ROWS=" + std::to_string(rows);
    if (shape.x % 4 == 0) types.options += " -D WHOLE_QUADS";
    plan.launch("projection:project_rows", types,
                PlanBuilder::Range::of_groups({1, pieces(shape.y * shape.z, rows), 1}, lanes, rows),
                plan.input(), plan.output(), cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z});
    return plan.finish();
  }
  const std::int64_t columns = axis == 1 ? shape.x : shape.x * shape.y,
                     lines = axis == 1 ? shape.z : 1;
  // Where there are columns enough to fill the device, a work-item takes a whole one, or four.
  const std::int64_t filling = 2048 * std::int64_t{plan.device().compute_units};
  if (lines * columns >= filling) rows = 1;
  const bool quads = columns % 4 == 0 && lines * columns >= 2 * filling;
  if (quads) types.options += " -D QUADS";
  types.options += " -D PARTS=" + std::to_string(rows);
  plan.launch("projection:project_columns", types,
              PlanBuilder::Range::of_groups(
                  {pieces(quads ? columns / 4 : columns, lanes), 1, lines}, lanes, rows),
              plan.input(), plan.output(), cl_long{lines}, cl_long{columns},
              cl_long{extent_along(shape, axis)});
  return plan.finish();
}

}  // namespace

Prepared maximum_x_projection(PlanBuilder& plan) { return project(plan, 0, "MAXIMUM"); }
Prepared maximum_y_projection(PlanBuilder& plan) { return project(plan, 1, "MAXIMUM"); }
Prepared maximum_z_projection(PlanBuilder& plan) { return project(plan, 2, "MAXIMUM"); }
Prepared minimum_z_projection(PlanBuilder& plan) { return project(plan, 2, "MINIMUM"); }
Prepared mean_z_projection(PlanBuilder& plan) { return project(plan, 2, "MEAN"); }
Prepared sum_z_projection(PlanBuilder& plan) { return project(plan, 2, "SUM"); }

}  // namespace voxelmark::opencl
