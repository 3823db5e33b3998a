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

Prepared warp(PlanBuilder& plan, const SourceMap& map, Sampling sampling) {
  std::vector<cl_long> coefficients;
  for (const auto& row : map.rows) coefficients.insert(coefficients.end(), row.begin(), row.end());
  const Shape &from = plan.shape(), &to = plan.output_shape();
  const std::int64_t planes = to.z > 1 ? 4 : 1;
  PlanBuilder::Types kernel_types = types(plan, sampling);
  const auto& z = map.rows[2];
  constexpr std::int64_t fixed_one = std::int64_t{1} << fraction_bits;
  const bool whole_in_z = z[0] == 0 && z[1] == 0 && z[2] % fixed_one == 0 && z[3] % fixed_one == 0;
  kernel_types.options +=
      " -D PLANES=" + std::to_string(planes) + (whole_in_z ? " -D IN_DEPTH=0" : " -D IN_DEPTH=1");
  plan.launch("warp:warp", kernel_types,
              plan.range({to.x, to.y, (to.z + planes - 1) / planes}, {8, 32, 1}), plan.input(),
              plan.output(), cl_long{from.x}, cl_long{from.y}, cl_long{from.z}, cl_long{to.x},
              cl_long{to.y}, cl_long{to.z}, plan.constant(coefficients));
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
