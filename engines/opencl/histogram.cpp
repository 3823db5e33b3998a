#include <algorithm>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Histogram count_bins(PlanBuilder& plan, const Memory& from, DType from_type, const Shape& shape,
                     int bins, Bins kind) {
  plan.require_doubles();
  constexpr std::size_t group_size = 256;
  const std::int64_t voxels = shape.voxels();
  const PlanBuilder::Types types{from_type, DType::f64,
                                 kind == Bins::grey_levels    ? "-D GREY_LEVELS"
                                 : kind == Bins::double_edges ? "-D DOUBLE_EDGES"
                                                              : ""};
  // Counters in local memory where 8 KiB hold a table, the more of them the fewer the bins.
  constexpr int most_local = 2048;
  const bool local = bins <= most_local;
  const std::int64_t groups =
      std::clamp<std::int64_t>(voxels / (16 * group_size), 1, local ? 1024 : 4096);
  // Several tables ease the crowding on common bins, and keep 32-bit counts from overflowing:
  // groups take even shares of the voxels.
  const auto tables = static_cast<cl_int>(
      std::min<std::int64_t>(groups, std::max<std::int64_t>(8, 1 + (voxels >> 30))));
  const cl_long cells = cl_long{tables} * bins;
  const Histogram histogram{plan.scratch(static_cast<std::size_t>(cells) * sizeof(cl_uint)), tables,
                            plan.scratch(2 * sizeof(cl_double)),
                            plan.scratch(2 * sizeof(cl_float))};
  if (kind == Bins::grey_levels)
    plan.launch("histogram:clear", types, plan.line(cells), histogram.tables, cells);
  else
    extrema(plan, from, from_type, shape, histogram.range, {}, histogram.tables, cells);
  const auto range = plan.groups(groups, group_size);
  const cl_long count = voxels;
  if (local) {
    const int copies = std::min(8, most_local / bins);
    const auto bytes = static_cast<std::size_t>(copies * bins) * sizeof(cl_uint);
    plan.launch("histogram:count_local", types, range, from, count, histogram.range,
                histogram.binning, cl_int{bins}, cl_int{copies}, tables, histogram.tables,
                cl::Local(bytes));
  } else {
    plan.launch("histogram:count_global", types, range, from, count, histogram.range,
                histogram.binning, cl_int{bins}, tables, histogram.tables);
  }
  return histogram;
}

Scratch summed_counts(PlanBuilder& plan, const Histogram& histogram, int bins) {
  const Scratch counts = plan.scratch(static_cast<std::size_t>(bins) * sizeof(cl_ulong));
  plan.launch("histogram:add_tables", {DType::u32, DType::f64}, plan.line(bins), histogram.tables,
              histogram.table_count, cl_int{bins}, counts);
  return counts;
}

Prepared histogram(PlanBuilder& plan) {
  const int bins = static_cast<int>(plan.parameters().number("bins"));
  const Histogram counted =
      count_bins(plan, plan.input(), plan.dtype(), plan.shape(), bins, Bins::float_steps);
  plan.launch("histogram:write_rows", {plan.dtype(), DType::f64}, plan.line(bins), counted.tables,
              counted.table_count, counted.range, cl_int{bins}, plan.output());
  return plan.finish();
}

}  // namespace voxelmark::opencl
