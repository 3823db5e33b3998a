#include "engines/operations/window.hpp"

#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared median(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const auto window = window_offsets(plan.parameters());
  std::vector<cl_int> offsets;
  for (const Index& d : window)
    for (const auto component : {d.x, d.y, d.z}) offsets.push_back(static_cast<cl_int>(component));
  // As many keys as a work-item can hold in registers.
  constexpr std::size_t most_in_registers = 128;
  const std::string options =
      window.size() <= most_in_registers ? "-D WINDOW=" + std::to_string(window.size()) : "";
  plan.launch("median", {plan.dtype(), plan.output_dtype(), options}, plan.volume(shape),
              plan.input(), plan.output(), cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
              plan.constant(offsets), static_cast<cl_int>(window.size()));
  return plan.finish();
}

}  // namespace voxelmark::opencl
