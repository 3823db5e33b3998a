#include "engines/operations/find_maxima.hpp"

#include <bit>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

Prepared find_maxima(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  require_countable(shape);
  const std::int64_t voxels = shape.voxels();
  const cl_long count = voxels, x = shape.x, y = shape.y;
  const auto table = [&](std::size_t bytes) {
    return plan.scratch(static_cast<std::size_t>(voxels) * bytes);
  };
  // What has not come to rest halves at least in every round.
  const auto rounds = static_cast<cl_uint>(std::bit_width(static_cast<std::uint64_t>(voxels)));
  const Scratch parents = table(4), heights = table(4), saddles = table(4), targets = table(4),
                tops = table(32), active = plan.scratch((rounds + 1) * sizeof(cl_uint));
  const cl_float prominence = plan.parameters().number("prominence");
  const Memory input = plan.input();
  const PlanBuilder::Types types{plan.dtype(), DType::u8};
  const auto with = [&](const std::string& option) {
    return PlanBuilder::Types{plan.dtype(), DType::u8, "-D " + option};
  };
  const auto line = plan.line(std::max<std::int64_t>(voxels, rounds + 1));
  plan.launch("start_hills", types, line, input, parents, heights, saddles, targets, count, active,
              rounds + 1);
  for (cl_uint round = 0; round < rounds; ++round) {
    for (const auto& step : {types, with("TARGETS")})
      plan.launch("find_saddles", step, plan.volume(shape), input, parents, heights, saddles,
                  targets, x, y, prominence, active, round);
    plan.launch("flow", types, line, parents, targets, count, active, round);
    plan.launch("gather_hills", types, line, parents, heights, saddles, targets, count, active,
                round);
  }
  plan.launch("start_tops", types, line, tops, count);
  plan.launch("sum_tops", types, line, input, parents, heights, tops, count, x);
  for (const char* step : {"STEP=0", "STEP=1", "STEP=2"})
    plan.launch("find_nearest", with(step), line, input, parents, heights, tops, count, x);
  plan.launch("mark", types, line, parents, tops, count, plan.output());
  return plan.finish();
}

}  // namespace voxelmark::opencl
