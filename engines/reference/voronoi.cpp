#include "engines/operations/voronoi.hpp"

#include <tbb/parallel_for.h>

#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

struct Nearest {
  std::int64_t squared = no_distance;
  std::uint32_t label = 0;
};

/// The best of a line's voxels, each `weight` times its squared distance from voxel i further away.
/// Looks outward until that alone exceeds what was found.
Nearest nearest_in_line(const Nearest* line, std::int64_t stride, std::int64_t extent,
                        std::int64_t weight, std::int64_t i) {
  Nearest best;
  for (std::int64_t d = 0; d < extent && weight * d * d <= best.squared; ++d)
    for (const std::int64_t j : {i - d, i + d}) {
      if (j < 0 || j >= extent || line[j * stride].label == 0) continue;
      const Nearest candidate{line[j * stride].squared + weight * d * d, line[j * stride].label};
      if (candidate.squared < best.squared ||
          (candidate.squared == best.squared && candidate.label < best.label))
        best = candidate;
    }
  return best;
}

}  // namespace

void label_nearest(const Image& seeds, const AxisWeights& weights, Image& labels) {
  const Shape& shape = seeds.shape();
  std::vector<Nearest> nearest(static_cast<std::size_t>(shape.voxels())), next(nearest.size());
  const auto from = seeds.pixels<std::uint32_t>();
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 0) nearest[i] = {0, from[i]};
  const auto pass = [&](std::int64_t extent, std::int64_t stride, std::int64_t weight) {
    tbb::parallel_for(std::int64_t{0}, shape.y * shape.z, [&](std::int64_t row) {
      if (interrupt_requested) throw Interrupted();
      for (std::int64_t i = row * shape.x; i < (row + 1) * shape.x; ++i) {
        const std::int64_t position = i / stride % extent;
        next[static_cast<std::size_t>(i)] =
            nearest_in_line(&nearest[static_cast<std::size_t>(i - position * stride)], stride,
                            extent, weight, position);
      }
    });
    nearest.swap(next);
  };
  pass(shape.x, 1, weights.x);
  pass(shape.y, shape.x, weights.y);
  pass(shape.z, shape.x * shape.y, weights.z);
  std::transform(nearest.begin(), nearest.end(), labels.pixels<std::uint32_t>().begin(),
                 [](const Nearest& found) { return found.label; });
}

void voronoi(const Job& job, Image& output) {
  const Image& seeds = job.input();
  label_nearest(seeds, distance_weights(job.parameters.per_axis("spacing"), seeds.shape()), output);
  if (job.parameters.choice("masked") == "no") return;
  const auto mask = job.inputs[1]->pixels<std::uint8_t>();
  const auto labels = output.pixels<std::uint32_t>();
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (mask[i] == 0) labels[i] = 0;
}

}  // namespace voxelmark::reference
