#include "engines/operations/projection.hpp"

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

Prepared project(PlanBuilder& plan, int axis, const char* statistic) {
  const Shape& shape = plan.shape();
  const PlanBuilder::Types types{plan.dtype(), plan.output_dtype(), std::string("-D ") + statistic};
  if (axis == 0) {
    plan.launch("projection:project_rows", types, plan.groups(shape.y * shape.z, 128), plan.input(),
                plan.output(), cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z});
  } else {
    const std::int64_t columns = axis == 1 ? shape.x : shape.x * shape.y,
                       lines = axis == 1 ? shape.z : 1;
    plan.launch("projection:project_columns", types, plan.line(lines * columns), plan.input(),
                plan.output(), cl_long{lines}, cl_long{columns},
                cl_long{extent_along(shape, axis)});
  }
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
