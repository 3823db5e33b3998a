#include "engines/operations/auto_threshold.hpp"

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

void auto_threshold(PlanBuilder& plan, const Memory& from, DType from_type, const Memory& to,
                    const Shape& shape, const std::string& method) {
  const int bins = auto_threshold_bins(method, from_type);
  const bool otsu = method == "otsu";
  const Bins kind = bins_are_grey_levels(method, from_type) ? Bins::grey_levels
                    : otsu                                  ? Bins::double_edges
                                                            : Bins::float_steps;
  const Histogram counted = count_bins(plan, from, from_type, shape, bins, kind);
  // A few tables can be added on the way; not so where there are many bins.
  const bool few = bins == 256;
  const Scratch counts = few ? counted.tables : summed_counts(plan, counted, bins);
  const cl_int tables = few ? counted.table_count : 1;
  const Scratch threshold = plan.scratch(3 * sizeof(cl_float));
  PlanBuilder::Types types{
      from_type, DType::u8,
      "-D METHOD=METHOD_" + method + (few ? " -D COUNT=uint" : " -D COUNT=ulong")};
  if (kind == Bins::grey_levels) types.options += " -D GREY_LEVELS";
  if (kind == Bins::double_edges) types.options += " -D DOUBLE_EDGES";
  const auto group = plan.groups(1, 256);
  if (otsu) {
    const std::size_t items = group.local.get()[0];
    plan.launch("auto_threshold:otsu", types, group, counts, tables, cl_int{bins}, counted.range,
                counted.binning, threshold, cl::Local(items * sizeof(cl_ulong)),
                cl::Local(items * sizeof(cl_ulong)), cl::Local(items * sizeof(cl_int)),
                cl::Local(items * sizeof(cl_double)), cl::Local(items * sizeof(cl_int)));
  } else {
    plan.launch("auto_threshold:find_level", types, group, counts, tables, counted.binning,
                threshold);
  }
  const cl_long count = shape.voxels();
  plan.launch("auto_threshold:write_mask", types, plan.line((count + 3) / 4), from, to, count,
              threshold);
}

Prepared auto_threshold(PlanBuilder& plan) {
  auto_threshold(plan, plan.input(), plan.dtype(), plan.output(), plan.shape(),
                 plan.parameters().choice("method"));
  return plan.finish();
}

}  // namespace voxelmark::opencl
