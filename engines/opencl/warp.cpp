// Values between voxels: affine transforms, resampling, radial reslices.
#include "engines/opencl/opencl_operations.hpp"
#include "engines/operations/affine_transform.hpp"
#include "engines/operations/radial_reslice.hpp"
#include "engines/operations/resample.hpp"

namespace voxelmark::opencl {

namespace {

PlanBuilder::Types types(const PlanBuilder& plan, Sampling sampling) {
  const char* const options[]{"-D LINEAR", "-D LINEAR -D CLAMP", "-D OFFSET=HALF",
                              "-D OFFSET=0 -D CLAMP"};
  return {plan.dtype(), plan.output_dtype(), options[static_cast<int>(sampling)]};
}

constexpr std::int64_t fixed_one = std::int64_t{1} << fraction_bits;

/// The input voxels along an axis that a tile of the output needs, at the most.
std::int64_t box_extent(const std::array<std::int64_t, 4>& row, std::int64_t tile) {
  return pieces((tile - 1) * (std::abs(row[0]) + std::abs(row[1])), fixed_one) + 2;
}

/// Warps plane by plane through local memory, where planes stay planes and turn; false elsewhere.
bool warp_planes(PlanBuilder& plan, const SourceMap& map, PlanBuilder::Types types,
                 const cl::Buffer& coefficients) {
  constexpr std::int64_t tile = 32, rows = 8, most = 64;  // as in the kernel; what registers hold
  const auto& [x, y, z] = map.rows;
  const std::int64_t width = box_extent(x, tile), height = box_extent(y, tile);
  if (plan.device().is_cpu() || plan.group_rows(tile) != rows || (x[1] == 0 && y[0] == 0) ||
      x[2] != 0 || y[2] != 0 || width > most || height > most)
    return false;
  types.options +=
      " -D BOX_WIDTH=" + std::to_string(width) + " -D BOX_HEIGHT=" + std::to_string(height);
  const Shape &from = plan.shape(), &to = plan.output_shape();
  const Shape across{pieces(to.x, tile), pieces(to.y, tile), 1};
  const std::int64_t planes = plan.planes_each(across, to.z);
  plan.launch("warp:warp_planes", types,
              PlanBuilder::Range::of_groups({across.x, across.y, pieces(to.z, planes)}, tile, rows),
              plan.input(), plan.output(), cl_long{from.x}, cl_long{from.y}, cl_long{from.z},
              cl_long{to.x}, cl_long{to.y}, cl_long{to.z}, coefficients,
              static_cast<cl_int>(planes));
  return true;
}

Prepared warp(PlanBuilder& plan, const SourceMap& map, Sampling sampling) {
  std::vector<cl_long> rows;
  for (const auto& row : map.rows) rows.insert(rows.end(), row.begin(), row.end());
  const cl::Buffer coefficients = plan.constant(rows);
  const Shape &from = plan.shape(), &to = plan.output_shape();
  const std::int64_t planes = to.z > 1 ? 4 : 1;
  PlanBuilder::Types kernel_types = types(plan, sampling);
  const auto& z = map.rows[2];
  const bool linear = sampling == Sampling::linear_zero || sampling == Sampling::linear_clamp;
  const bool whole_in_z = z[0] == 0 && z[1] == 0 && z[2] % fixed_one == 0 && z[3] % fixed_one == 0;
  kernel_types.options +=
      " -D PLANES=" + std::to_string(planes) + (whole_in_z ? " -D IN_DEPTH=0" : " -D IN_DEPTH=1");
  if (linear && whole_in_z && warp_planes(plan, map, kernel_types, coefficients))
    return plan.finish();
  plan.launch("warp:warp", kernel_types, plan.range({to.x, to.y, pieces(to.z, planes)}, {8, 32, 1}),
              plan.input(), plan.output(), cl_long{from.x}, cl_long{from.y}, cl_long{from.z},
              cl_long{to.x}, cl_long{to.y}, cl_long{to.z}, coefficients);
  return plan.finish();
}

}  // namespace

Prepared affine_transform(PlanBuilder& plan) {
  return warp(plan, affine_map(plan.dims(), plan.parameters(), plan.shape()),
              affine_sampling(plan.parameters()));
}

Prepared translate(PlanBuilder& plan) {
  return warp(plan, translation_map(plan.parameters(), plan.shape()),
              affine_sampling(plan.parameters()));
}

Prepared scale(PlanBuilder& plan) {
  return warp(plan, scale_map(plan.dims(), plan.parameters(), plan.shape()),
              affine_sampling(plan.parameters()));
}

Prepared rotate_angle(PlanBuilder& plan) {
  return warp(plan, rotation_map(plan.parameters(), plan.shape()),
              affine_sampling(plan.parameters()));
}

Prepared resample(PlanBuilder& plan) {
  return warp(plan, resampling_map(plan.dims(), plan.parameters(), plan.shape()),
              Sampling::linear_clamp);
}

Prepared radial_reslice(PlanBuilder& plan) {
  const Shape &from = plan.shape(), &to = plan.output_shape();
  plan.launch("warp:radial_reslice", types(plan, radial_sampling(plan.parameters())),
              plan.volume(to), plan.input(), plan.output(), cl_long{from.x}, cl_long{from.y},
              cl_long{from.z}, cl_long{to.x}, cl_long{to.z},
              plan.constant(radial_directions(plan.parameters())));
  return plan.finish();
}

}  // namespace voxelmark::opencl
