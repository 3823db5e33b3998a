#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

Prepared median(PlanBuilder& plan) {
  const Shape& shape = plan.shape();
  const Window window(plan.parameters());
  const std::int64_t size = listed_window_size(window);
  const auto launch = [&](const char* kernel, const std::string& options,
                          const auto&... arguments) {
    plan.launch(kernel, {plan.dtype(), plan.output_dtype(), options}, plan.volume(shape),
                plan.input(), plan.output(), cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
                arguments...);
  };
  // As many keys as a work-item can hold in registers.
  constexpr std::int64_t most_in_registers = 128;
  if (size <= most_in_registers) {
    std::vector<cl_int> offsets;
    for (const auto& [x, y, z] : window_offsets(window))
      for (const auto offset : {x, y, z}) offsets.push_back(static_cast<cl_int>(offset));
    launch("median", "-D WINDOW=" + std::to_string(size), plan.constant(offsets));
  } else {
    const auto rows = window_rows(window);
    launch("median_by_digits", "", plan.constant(packed(rows)), static_cast<cl_int>(rows.size()),
           static_cast<cl_uint>(size / 2));
  }
  return plan.finish();
}

}  // namespace voxelmark::opencl
