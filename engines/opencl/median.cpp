#include "engines/operations/window.hpp"

#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared median(OpenClEngine& engine, const Request& request) {
  PlanBuilder plan(engine, request);
  const auto& [input, output] = std::tie(request.inputs[0], request.output);
  const Shape& shape = output->shape();
  const auto window = window_offsets(request.parameters);
  std::vector<cl_int> offsets;
  for (const Index& d : window)
    for (const auto component : {d.x, d.y, d.z}) offsets.push_back(static_cast<cl_int>(component));
  // As many keys as a work-item can hold in registers.
  constexpr std::size_t most_in_registers = 128;
  const std::string options =
      window.size() <= most_in_registers ? "-D WINDOW=" + std::to_string(window.size()) : "";
  plan.launch("median", {input->dtype(), output->dtype(), options}, plan.volume(shape), input,
              output, cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z}, plan.constant(offsets),
              static_cast<cl_int>(window.size()));
  return plan.finish();
}

}  // namespace voxelmark::opencl
