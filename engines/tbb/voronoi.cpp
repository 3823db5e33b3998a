#include "engines/operations/voronoi.hpp"

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body nearest_label(Work& work, const Pixels& seeds, const Pixels& labels, const Shape& shape,
                   const AxisWeights& weights) {
  const Pixels squared =
      work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(std::int64_t));
  const ThreadScratch scratch = work.scratch_per_thread(nearest_label_bytes(shape));
  return [=] {
    nearest_labels(seeds.as<std::uint32_t>(), shape, weights, labels.as<std::uint32_t>(),
                   squared.scratch<std::int64_t>(), [&] { return scratch.pixels<std::byte>(); });
  };
}

Body voronoi(Work& work) {
  const Shape& shape = work.shape();
  const Body nearest =
      nearest_label(work, work.input(), work.output(), shape,
                    distance_weights(work.parameters().per_axis("spacing"), shape));
  if (work.parameters().choice("masked") == "no") return nearest;
  return [=, mask = work.input(1), output = work.output()] {
    nearest();
    const auto* inside = mask.as<std::uint8_t>();
    auto* labels = output.as<std::uint32_t>();
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, shape.voxels(), voxels_per_task),
                      [=](const auto& range) {
                        for (auto i = range.begin(); i < range.end(); ++i)
                          if (inside[i] == 0) labels[i] = 0;
                      });
  };
}

}  // namespace voxelmark::tbb_operations
