#include "engines/operations/voronoi.hpp"

#include <algorithm>
#include <numeric>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

/// Weights in the same proportions, as small as can be; 0 for axes that do not count.
AxisWeights reduced(const AxisWeights& weights, const Shape& shape) {
  const std::int64_t x = shape.x > 1 ? weights.x : 0, y = shape.y > 1 ? weights.y : 0,
                     z = shape.z > 1 ? weights.z : 0;
  const std::int64_t divisor = std::max<std::int64_t>(1, std::gcd(x, std::gcd(y, z)));
  return {x / divisor, y / divisor, z / divisor};
}

/// Whether 32-bit numbers hold every squared distance, as kernels/voronoi.cl wants it.
bool is_narrow(const AxisWeights& weights, const Shape& shape) {
  const auto longest = [](std::int64_t weight, std::int64_t extent) {
    return static_cast<double>(weight) * static_cast<double>(extent - 1) *
           static_cast<double>(extent - 1);
  };
  return longest(weights.x, shape.x) + longest(weights.y, shape.y) + longest(weights.z, shape.z) <
         2147483647.0;
}

template <class Distance>
void nearest_label(PlanBuilder& plan, const Memory& seeds, const Memory& labels, const Shape& shape,
                   const AxisWeights& weights, std::string options,
                   const std::optional<Memory>& mask) {
  if (mask) options += " -D MASKED";
  constexpr std::size_t largest_group = 256;
  constexpr std::int64_t chunk = 16;  // as in the kernel
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const std::int64_t plane = shape.x * shape.y;
  struct Pass {
    std::int64_t extent, stride, others, weight;
  };
  // The long search last: it is the shorter, the nearer all other axes have found a label.
  std::vector<Pass> passes;
  if (shape.z > 1) passes.push_back({shape.z, plane, 1, weights.z});
  if (shape.y > 1) passes.push_back({shape.y, shape.x, shape.z, weights.y});

  // Each pass reads one pair of labels and distances and writes another; the last one the result.
  const Scratch distances = plan.scratch(voxels * sizeof(Distance));
  const Scratch other_distances =
      passes.size() == 2 ? plan.scratch(voxels * sizeof(Distance)) : distances;
  const Memory other_labels =
      passes.empty() ? labels : Memory(plan.scratch(voxels * sizeof(cl_uint)));
  const Memory first = passes.size() == 1 ? other_labels : labels;

  const PlanBuilder::Types types{DType::u32, DType::u32, options};
  const PlanBuilder::Range rows = plan.groups(shape.y * shape.z, largest_group);
  plan.launch("voronoi:nearest_along_x", types, rows, seeds, first, distances, cl_long{shape.x},
              static_cast<Distance>(weights.x), cl::Local(rows.local.get()[0] * sizeof(cl_uint)));
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const bool last = i + 1 == passes.size();
    const auto& [extent, stride, others, weight] = passes[i];
    const auto launch = [&](const auto&... masks) {
      plan.launch(
          "voronoi:nearest_across", types, plan.volume({stride, pieces(extent, chunk), others}),
          i == 0 ? first : other_labels, i == 0 ? distances : other_distances,
          last ? labels : other_labels, i == 0 ? other_distances : distances, cl_long{stride},
          cl_long{extent}, static_cast<Distance>(weight), cl_int{!last}, masks...);
    };
    mask ? launch(*mask) : launch();
  }
}

}  // namespace

void nearest_label(PlanBuilder& plan, const Memory& seeds, const Memory& labels, const Shape& shape,
                   const AxisWeights& weights, const std::optional<Memory>& mask) {
  const AxisWeights least = reduced(weights, shape);
  if (is_narrow(least, shape))
    nearest_label<cl_uint>(plan, seeds, labels, shape, least, "-D NARROW", mask);
  else
    nearest_label<cl_ulong>(plan, seeds, labels, shape, least, "", mask);
}

Prepared voronoi(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const bool masked = plan.parameters().choice("masked") == "yes";
  nearest_label(plan, plan.input(), plan.output(), shape,
                distance_weights(plan.parameters().per_axis("spacing"), shape),
                masked ? std::optional(plan.input(1)) : std::nullopt);
  if (masked)
    plan.launch("limit_to_mask", {plan.dtype(), plan.output_dtype()}, plan.line(shape.voxels()),
                plan.output(), plan.input(1), cl_long{shape.voxels()});
  return plan.finish();
}

}  // namespace voxelmark::opencl
