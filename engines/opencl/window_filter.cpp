#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

namespace {

/// A sphere is one window; a box is a line along each axis.
std::vector<std::vector<WindowRow>> passes_of(const Window& window) {
  if (window.sphere) return {window_rows(window)};
  const auto [rx, ry, rz] = window.radius;
  std::vector<std::vector<WindowRow>> passes;
  for (const Reach& along : {Reach{rx, 0, 0}, Reach{0, ry, 0}, Reach{0, 0, rz}})
    if (along != Reach{0, 0, 0}) passes.push_back(window_rows(Window(false, along)));
  if (passes.empty()) passes.push_back(window_rows(window));  // the voxel itself
  return passes;
}

}  // namespace

std::vector<cl_int> packed(const std::vector<WindowRow>& rows) {
  std::vector<cl_int> numbers;
  for (const auto& [y, z, half] : rows)
    for (const auto number : {y, z, half}) numbers.push_back(static_cast<cl_int>(number));
  return numbers;
}

void filter_window(PlanBuilder& plan, const std::string& options, const Memory& from,
                   DType from_type, DType between_type, const Memory& to, DType to_type,
                   const Shape& shape, const Window& window) {
  constexpr int run = 4;  // as in the kernel
  const auto passes = passes_of(window);
  std::vector<Memory> images{from};
  for (std::size_t i = 0; i + 1 < passes.size(); ++i)
    images.emplace_back(
        plan.scratch(static_cast<std::size_t>(shape.voxels()) * bytes_of(between_type)));
  images.push_back(to);
  const Shape items{(shape.x + run - 1) / run, shape.y, shape.z};
  for (std::size_t i = 0; i < passes.size(); ++i) {
    std::int64_t size = 0;
    for (const WindowRow& row : passes[i]) size += 2 * row.half + 1;
    plan.launch("window_filter:window_filter",
                {i == 0 ? from_type : between_type, i + 1 == passes.size() ? to_type : between_type,
                 options},
                plan.volume(items), images[i], images[i + 1], cl_long{shape.x}, cl_long{shape.y},
                cl_long{shape.z}, plan.constant(packed(passes[i])),
                static_cast<cl_int>(passes[i].size()), static_cast<cl_float>(size));
  }
}

}  // namespace voxelmark::opencl
