#include "engines/operations/otsu_labeling.hpp"

#include "engines/opencl/opencl_operations.hpp"
#include "engines/operations/detect_maxima.hpp"

namespace voxelmark::opencl {

namespace {

const PlanBuilder::Types labels_types{DType::u8, DType::u32};

/// The mask of Otsu's threshold on the blurred input.
Scratch otsu_mask(PlanBuilder& plan, const Scratch& outlines) {
  const Scratch mask = plan.scratch(static_cast<std::size_t>(plan.shape().voxels()));
  auto_threshold(plan, outlines, DType::f32, mask, plan.shape(), "otsu");
  return mask;
}

Scratch otsu_mask(PlanBuilder& plan) {
  return otsu_mask(plan, blurred_input(plan, "outline_sigma"));
}

/// Each voxel of the mask takes the nearest seed of its own component.
void regrow(PlanBuilder& plan, const Scratch& mask, const Scratch& seeds) {
  const Shape& shape = plan.shape();
  const cl_long x = shape.x, y = shape.y, z = shape.z;
  // Two components or seeds never lie in the same cell of 2 x 2 x 2 voxels: they would touch.
  const std::int64_t slots = (shape.x + 1) / 2 * ((shape.y + 1) / 2) * ((shape.z + 1) / 2) + 2;
  const auto table = [&](std::int64_t count) {
    return plan.scratch(static_cast<std::size_t>(count) * sizeof(cl_uint));
  };
  const Scratch component_of = table(shape.voxels()), starts = table(slots),
                list = table(shape.voxels()), owners = table(slots);
  const auto quads = plan.line(pieces(shape.voxels(), 4));
  components(plan, mask, DType::u8, component_of, shape, true);
  nearest_label(plan, seeds, plan.output(), shape, {}, mask);
  plan.launch("otsu_labeling:clear", labels_types, plan.line(slots), starts, cl_long{slots});
  plan.launch("otsu_labeling:count_seeds", labels_types, quads, seeds, component_of, x, y, z,
              starts, owners);
  inclusive_scan(plan, starts, slots);
  plan.launch("otsu_labeling:list_seeds", labels_types, quads, seeds, component_of, x, y, z, starts,
              list);
  plan.launch("otsu_labeling:grow_seeds", labels_types, plan.line(shape.voxels()), seeds,
              component_of, x, y, z, starts, list, owners, plan.output());
}

/// Numbers the maxima within the mask, from 1 in the order of a walk through the image.
void number_seeds(PlanBuilder& plan, const Scratch& mask, const Scratch& maxima,
                  const Scratch& seeds) {
  constexpr std::int64_t stretch = 32;  // as in the kernel
  constexpr std::size_t group_size = 256;
  const std::int64_t voxels = plan.shape().voxels();
  const auto items = static_cast<std::int64_t>(plan.groups(1, group_size).local.get()[0]);
  const std::int64_t groups = pieces(voxels, items * stretch);
  const auto range = plan.groups(groups, group_size);
  const auto sums = cl::Local(static_cast<std::size_t>(items) * sizeof(cl_uint));
  const Scratch totals = plan.scratch(static_cast<std::size_t>(groups) * sizeof(cl_uint));
  plan.launch("otsu_labeling:count_in_groups", labels_types, range, mask, maxima, cl_long{voxels},
              seeds, totals, sums);
  inclusive_scan(plan, totals, groups);
  plan.launch("otsu_labeling:number_seeds", labels_types, range, mask, maxima, cl_long{voxels},
              seeds, totals, sums);
}

}  // namespace

Prepared voronoi_otsu_labeling(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const auto size = static_cast<std::size_t>(shape.voxels());
  const auto sigma = [&](const char* name) { return plan.parameters().per_axis(name); };
  const Scratch outlines = blurred_input(plan, "outline_sigma"), mask = otsu_mask(plan, outlines),
                maxima = plan.scratch(size), seeds = plan.scratch(size * sizeof(cl_uint));
  const Scratch spots =
      sigma("spot_sigma") == sigma("outline_sigma") ? outlines : blurred_input(plan, "spot_sigma");
  mark_maxima(plan, spots, DType::f32, maxima, shape, {false, {1, 1, 1}}, no_floor);
  number_seeds(plan, mask, maxima, seeds);
  regrow(plan, mask, seeds);
  return plan.finish();
}

Prepared gauss_otsu_labeling(PlanBuilder& plan) {
  components(plan, otsu_mask(plan), DType::u8, plan.output(), plan.shape(), true);
  return plan.finish();
}

Prepared eroded_otsu_labeling(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const Scratch mask = otsu_mask(plan), even = plan.scratch(voxels), odd = plan.scratch(voxels),
                seeds = plan.scratch(voxels * sizeof(cl_uint));
  const auto erosions = static_cast<int>(plan.parameters().number("erosions"));
  const Window cross{true, {1, 1, shape.z > 1}};
  Scratch eroded = mask;
  for (int n = 1; n <= erosions; ++n) {
    const Scratch& next = n % 2 ? odd : even;
    binary_extreme(plan, Extreme::minimum, eroded, DType::u8, next, shape, cross);
    eroded = next;
  }
  components(plan, eroded, DType::u8, seeds, shape, true);
  regrow(plan, mask, seeds);
  return plan.finish();
}

}  // namespace voxelmark::opencl
