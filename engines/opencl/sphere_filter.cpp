#include <algorithm>

#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

namespace {

/// A sphere's columns along y, plane by plane.
struct Columns {
  std::vector<cl_int> offsets_and_halves, starts{0};
};

Columns columns_of(const Window& window) {
  // The rows of the sphere with x and y exchanged are its columns.
  const auto [rx, ry, rz] = window.radius;
  Columns columns;
  std::int64_t z = -rz;
  for (const WindowRow& row : window_rows(Window(true, {ry, rx, rz}))) {
    for (; z < row.z; ++z)
      columns.starts.push_back(static_cast<cl_int>(columns.offsets_and_halves.size() / 2));
    columns.offsets_and_halves.push_back(static_cast<cl_int>(row.y));
    columns.offsets_and_halves.push_back(static_cast<cl_int>(row.half));
  }
  columns.starts.push_back(static_cast<cl_int>(columns.offsets_and_halves.size() / 2));
  return columns;
}

}  // namespace

void filter_sphere(PlanBuilder& plan, WindowFilter filter, const Memory& from, DType from_type,
                   const Memory& to, DType to_type, const Shape& shape, const Window& window) {
  constexpr std::int64_t run = 4;
  const auto [rx, ry, rz] = window.radius;
  const std::int64_t planes = rz > 0 ? 4 : 1;
  const auto size = window_size(window);
  const bool exact = with_exact_sums(filter, from_type, static_cast<double>(size));
  const auto columns = columns_of(window);

  const cl::NDRange local = plan.engine().fitting({32, 8, 1});
  const auto width = static_cast<std::int64_t>(local.get()[0]),
             height = static_cast<std::int64_t>(local.get()[1]) * run;
  const std::int64_t tile_bytes =
      (width + 2 * rx) * (height + 2 * ry) * static_cast<std::int64_t>(sizeof(cl_float));
  const bool tiled = tile_bytes <= most_local_bytes;
  const auto groups = [](std::int64_t extent, std::int64_t size_of_one) {
    return static_cast<std::size_t>((extent + size_of_one - 1) / size_of_one);
  };
  const PlanBuilder::Range range{
      cl::NDRange(groups(shape.x, width) * local.get()[0], groups(shape.y, height) * local.get()[1],
                  groups(shape.z, planes)),
      local};
  plan.launch("window_filter:filter_sphere",
              {from_type, to_type,
               filter.options + " -D SPHERE -D RUN=" + std::to_string(run) +
                   " -D PLANES=" + std::to_string(planes) + (tiled ? " -D TILED" : "")},
              range, from, to, cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
              static_cast<cl_int>(rx), static_cast<cl_int>(ry), static_cast<cl_int>(rz),
              plan.constant(columns.offsets_and_halves), plan.constant(columns.starts),
              static_cast<cl_float>(1 / static_cast<double>(size)),
              exact ? static_cast<cl_uint>(size) : cl_uint{1},
              cl::Local(static_cast<std::size_t>(tiled ? tile_bytes : 4)));
}

}  // namespace voxelmark::opencl
