#include "bench/overlap_search.hpp"

#include <algorithm>

#include "bench/execution.hpp"
#include "bench/inputs.hpp"
#include "bench/seam_errors.hpp"
#include "bench/tiled_engine.hpp"
#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark {

std::variant<NeededOverlap, Skip> find_overlap(Engine& engine, const Operation& operation,
                                               const Parameters& parameters,
                                               const std::vector<Image>& images, const Shape& tile,
                                               double tolerance) {
  const auto cuts = cut(operation, parameters, images[0].shape(), {tile});
  if (const auto* skip = std::get_if<Skip>(&cuts)) return *skip;
  NeededOverlap needed;
  needed.reach = std::get<Tiles>(cuts).needed;
  const auto inputs = pointers_to(images);
  const auto uncut = run_on(engine, operation, parameters, inputs);
  if (const auto* skip = std::get_if<Skip>(&uncut)) return *skip;

  const auto errors_at = [&](std::int64_t overlap) {
    if (interrupt_requested) throw Interrupted();
    const Reach& r = needed.reach;
    TiledEngine tiled(engine, {tile, Reach{std::min(overlap, r.x), std::min(overlap, r.y),
                                           std::min(overlap, r.z)}});
    const auto result = run_on(tiled, operation, parameters, inputs);
    return seam_errors(std::get<Image>(uncut), std::get<Image>(result), tiled.tiles().tiles);
  };
  const SeamErrors at_reach = errors_at(needed.largest_reach());
  needed.exact = at_reach.differing == 0;
  if (at_reach.largest > tolerance) return needed;
  std::int64_t too_small = -1, enough = needed.largest_reach();
  while (enough - too_small > 1) {
    const std::int64_t middle = (too_small + enough) / 2;
    (errors_at(middle).largest > tolerance ? too_small : enough) = middle;
  }
  needed.observed = enough;
  return needed;
}

}  // namespace voxelmark
