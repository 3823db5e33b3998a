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
  const auto table_bytes = static_cast<std::size_t>(bins) * sizeof(cl_uint);
  const Histogram histogram{plan.scratch(static_cast<std::size_t>(bins) * sizeof(cl_ulong)),
                            plan.scratch(2 * sizeof(cl_double)),
                            plan.scratch(2 * sizeof(cl_float))};
  if (kind != Bins::grey_levels) {
    extrema(plan, from, from_type, shape, histogram.range);
    plan.launch("histogram:choose_bins", types, plan.groups(1, 1), histogram.range,
                histogram.binning, cl_int{bins});
  }
  // Tables in local memory where 8 KiB hold one, the more of them the fewer the bins.
  constexpr int most_local = 2048;
  int tables = 0;
  Scratch parts;
  if (bins <= most_local) {
    tables = static_cast<int>(std::clamp<std::int64_t>(voxels / (16 * group_size), 1, 512));
    parts = plan.scratch(static_cast<std::size_t>(tables) * table_bytes);
    const int copies = std::min(8, most_local / bins);
    plan.launch("histogram:count_local", types, plan.groups(tables, group_size), from,
                cl_long{voxels}, histogram.range, histogram.binning, cl_int{bins}, cl_int{copies},
                parts, cl::Local(static_cast<std::size_t>(copies) * table_bytes));
  } else {
    // Several tables ease the crowding on common grey levels, and keep 32-bit counts from
    // overflowing: groups take even shares of the voxels.
    const std::int64_t groups = std::clamp<std::int64_t>(voxels / (16 * group_size), 1, 4096);
    tables = static_cast<int>(
        std::min<std::int64_t>(groups, std::max<std::int64_t>(8, 1 + (voxels >> 30))));
    parts = plan.scratch(static_cast<std::size_t>(tables) * table_bytes);
    const cl_long cells = cl_long{tables} * bins;
    plan.launch("histogram:clear", types, plan.line(cells), parts, cells);
    plan.launch("histogram:count_global", types, plan.groups(groups, group_size), from,
                cl_long{voxels}, histogram.range, histogram.binning, cl_int{bins}, cl_int{tables},
                parts);
  }
  plan.launch("histogram:add_parts", types, plan.line(bins), parts, cl_int{tables}, cl_int{bins},
              histogram.counts);
  return histogram;
}

Prepared histogram(PlanBuilder& plan) {
  const int bins = static_cast<int>(plan.parameters().number("bins"));
  const Histogram counted =
      count_bins(plan, plan.input(), plan.dtype(), plan.shape(), bins, Bins::float_steps);
  plan.launch("histogram:write_rows", {plan.dtype(), DType::f64}, plan.line(bins), counted.counts,
              counted.range, cl_int{bins}, plan.output());
  return plan.finish();
}

}  // namespace voxelmark::opencl
