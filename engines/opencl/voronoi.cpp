#include "engines/operations/voronoi.hpp"

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

void nearest_label(PlanBuilder& plan, const Memory& seeds, const Memory& labels, const Shape& shape,
                   const AxisWeights& weights) {
  constexpr std::size_t largest_group = 256;
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const std::int64_t plane = shape.x * shape.y;
  struct Pass {
    std::int64_t extent, stride, outer_stride, weight;
  };
  std::vector<Pass> passes;
  if (shape.y > 1) passes.push_back({shape.y, shape.x, plane, weights.y});
  if (shape.z > 1) passes.push_back({shape.z, plane, shape.voxels(), weights.z});

  // Each pass reads one pair of labels and distances and writes another; the last one the result.
  const Scratch distances = plan.scratch(voxels * sizeof(cl_long));
  const Scratch other_distances =
      passes.size() == 2 ? plan.scratch(voxels * sizeof(cl_long)) : distances;
  const Memory other_labels =
      passes.empty() ? labels : Memory(plan.scratch(voxels * sizeof(cl_uint)));
  const Memory first = passes.size() == 1 ? other_labels : labels;

  const PlanBuilder::Types types{DType::u32, DType::u32};
  const PlanBuilder::Range rows = plan.groups(shape.y * shape.z, largest_group);
  plan.launch("voronoi:nearest_along_x", types, rows, seeds, first, distances, cl_long{shape.x},
              cl_long{weights.x}, cl::Local(rows.local.get()[0] * sizeof(cl_long)));
  if (passes.empty()) return;
  const Scratch stacks = plan.scratch(voxels * sizeof(cl_uint2));
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const bool last = i + 1 == passes.size();
    const auto& [extent, stride, outer_stride, weight] = passes[i];
    const std::int64_t lines = shape.voxels() / extent;
    plan.launch("voronoi:nearest_across", {DType::u32, DType::u32, last ? "" : "-D KEEP_DISTANCES"},
                plan.line(lines), i == 0 ? first : other_labels,
                i == 0 ? distances : other_distances, last ? labels : other_labels,
                i == 0 ? other_distances : distances, cl_long{lines}, cl_long{extent},
                cl_long{stride}, cl_long{outer_stride}, cl_long{weight}, stacks);
  }
}

Prepared voronoi(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  nearest_label(plan, plan.input(), plan.output(), shape,
                distance_weights(plan.parameters().per_axis("spacing"), shape));
  if (plan.parameters().choice("masked") == "yes")
    plan.launch("limit_to_mask", {plan.dtype(), plan.output_dtype()}, plan.line(shape.voxels()),
                plan.output(), plan.input(1), cl_long{shape.voxels()});
  return plan.finish();
}

}  // namespace voxelmark::opencl
