#include <algorithm>

#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

namespace {

/// A sphere's columns along y, in the order of z: `y` of a row stands for the offset x.
std::vector<WindowRow> columns_of(const Window& window) {
  const auto [rx, ry, rz] = window.radius;
  return window_rows(Window(true, {ry, rx, rz}));
}

/// The columns as kernels/window_filter.cl unrolls them; those of z < 0 mirror the others.
std::string disks(const Window& window) {
  std::string text = "#define DISKS ";
  std::int64_t z = -1;
  for (const WindowRow& column : columns_of(window)) {
    if (column.z < 0) continue;
    if (column.z > z) {
      text += (z < 0 ? "DISK(" : ") DISK(") + std::to_string(column.z) + ", ";
      z = column.z;
    }
    text += "COLUMN(" + std::to_string(column.y) + "," + std::to_string(column.half) + ") ";
  }
  return text + ")\n";
}

}  // namespace

void filter_sphere(PlanBuilder& plan, WindowFilter filter, const Memory& from, DType from_type,
                   const Memory& to, DType to_type, const Shape& shape, const Window& window) {
  const auto size = window_size(window);
  const bool exact = with_exact_sums(filter, from_type, static_cast<double>(size));
  const auto divisor = exact ? static_cast<cl_uint>(size) : cl_uint{1};
  const auto columns = columns_of(window);
  // More columns would make more code than they save time; compilers for CPUs take seconds over
  // them.
  const std::size_t most_columns = plan.device().is_cpu() ? 9 : 72;
  constexpr std::int64_t most_planes = 6;
  if (window.radius.z <= most_planes && columns.size() <= most_columns)
    if (const auto tiles = tiles_for(plan, window.radius, false)) {
      launch_tiles(plan, filter, *tiles, disks(window), from, from_type, to, to_type, shape,
                   static_cast<double>(size), divisor);
      return;
    }
  constexpr std::int64_t run = 4;
  std::vector<cl_int> numbers;
  for (const auto& [x, z, half] : columns)
    for (const auto number : {x, z, half}) numbers.push_back(static_cast<cl_int>(number));
  plan.launch("window_filter:filter_sphere",
              {from_type, to_type, filter.options + " -D SPHERE -D RUN=" + std::to_string(run)},
              plan.volume({shape.x, pieces(shape.y, run), shape.z}), from, to, cl_long{shape.x},
              cl_long{shape.y}, cl_long{shape.z}, plan.constant(numbers),
              static_cast<cl_int>(columns.size()),
              static_cast<cl_float>(1 / static_cast<double>(size)), divisor);
}

}  // namespace voxelmark::opencl
