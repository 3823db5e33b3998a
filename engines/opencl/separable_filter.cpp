#include <algorithm>

#include "engines/opencl/window_filter.hpp"
#include "engines/operations/projection.hpp"

namespace voxelmark::opencl {

namespace {

/// Radii up to these are compiled in; in one pass along x and y, the halo must not outweigh a tile.
constexpr std::int64_t most_known = 20, most_fused_gaussian = 16, most_fused_z = 2;
constexpr std::int64_t run = 8;  // as in the kernels' tiles

/// One launch: a tile's axes together, or one axis alone.
struct Pass {
  Reach radius;
  int axis = -1;  ///< of lines; -1 for tiles
  std::int64_t tile = 0, rows = 0, pitch = 0;
};

std::int64_t radius_along(const Reach& radius, int axis) {
  return axis == 0 ? radius.x : axis == 1 ? radius.y : radius.z;
}

Reach only(const Reach& radius, int axis) {
  return {axis == 0 ? radius.x : 0, axis == 1 ? radius.y : 0, axis == 2 ? radius.z : 0};
}

std::string known(const char* name, std::int64_t radius) {
  return std::string(" -D ") + name + "=" + std::to_string(radius);
}

/// Planning and launching of one filter.
class Separable {
 public:
  Separable(PlanBuilder& plan, const WindowFilter& filter, const Shape& shape)
      : plan_(plan), filter_(filter), shape_(shape) {}

  std::vector<Pass> passes(const Reach& r) const {
    const bool gaussian = !filter_.weights[0].empty();
    const std::int64_t most = gaussian ? most_fused_gaussian : most_known;
    std::vector<Pass> passes;
    std::vector<int> left;
    for (int axis = 0; axis < 3; ++axis)
      if (radius_along(r, axis) > 0) left.push_back(axis);
    if (r.x > 0) {
      const bool fused = r.y > 0 && r.x <= most && r.y <= most;
      const bool in_z = fused && !gaussian && r.z > 0 && r.z <= most_fused_z;
      if (const auto pass = tiled({r.x, fused ? r.y : 0, in_z ? r.z : 0})) {
        passes.push_back(*pass);
        std::erase_if(left,
                      [&](int axis) { return axis == 0 || radius_along(pass->radius, axis); });
      } else if (const auto alone = tiled({r.x, 0, 0})) {
        passes.push_back(*alone);
        left.erase(left.begin());
      }
    } else if (left.empty()) {
      left.push_back(0);  // nothing to filter is a pass of radius 0
    }
    for (const int axis : left) passes.push_back({.radius = only(r, axis), .axis = axis});
    return passes;
  }

  void launch(const Pass& pass, const Memory& from, DType from_type, const Memory& to,
              DType to_type, cl_uint divisor) const {
    const PlanBuilder::Types types{from_type, to_type, filter_.options + options(pass)};
    double window = 1;
    for (int axis = 0; axis < 3; ++axis)
      window *= static_cast<double>(2 * radius_along(pass.radius, axis) + 1);
    const cl_long x = shape_.x, y = shape_.y, z = shape_.z;
    const auto scale = static_cast<cl_float>(1 / window);
    if (pass.axis < 0) {
      const std::int64_t planes = planes_of(pass);
      plan_.launch("window_filter:filter_tiles", types, range(pass, planes), from, to, x, y, z,
                   static_cast<cl_int>(planes), static_cast<cl_int>(pass.radius.x),
                   weights(pass, run), scale, divisor,
                   cl::Local(static_cast<std::size_t>(pass.rows * pass.pitch) * sizeof(cl_float)));
      return;
    }
    const int axis = pass.axis;
    const cl_long lines = axis == 0   ? 1
                          : axis == 1 ? x
                                      : x * y,
                  extent = extent_along(shape_, axis);
    const cl_long outer = axis == 0 ? y * z : axis == 1 ? z : 1, outer_stride = lines * extent;
    plan_.launch("window_filter:filter_lines", types,
                 plan_.range({lines, (extent + line_run - 1) / line_run, outer},
                             axis == 0 ? std::array<std::size_t, 3>{1, 64, 4}
                                       : std::array<std::size_t, 3>{64, 4, 1}),
                 from, to, lines, extent, axis == 0 ? cl_long{1} : lines, outer, outer_stride,
                 static_cast<cl_int>(radius_along(pass.radius, axis)), weights(pass, line_run),
                 scale, divisor);
  }

 private:
  static constexpr std::int64_t line_run = 16;  // outputs of a work-item along one axis

  /// Tiles for these radii, or nothing where they do not fit the device.
  std::optional<Pass> tiled(const Reach& radius) const {
    Pass pass{.radius = radius};
    const bool alone = radius.y == 0;
    pass.tile = alone ? 128 : 64;
    pass.pitch = pass.tile + 2 * radius.x + 1;
    const auto bytes_per_row = pass.pitch * static_cast<std::int64_t>(sizeof(cl_float));
    std::int64_t inner = alone || radius.y <= 4 ? 32 : 64;
    for (; inner >= run; inner -= run) {
      pass.rows = inner + 2 * radius.y;
      if (pass.rows * bytes_per_row <= most_local_bytes && fits(local(pass))) return pass;
    }
    return std::nullopt;
  }
  static std::array<std::size_t, 3> local(const Pass& pass) {
    return {static_cast<std::size_t>(pass.rows), static_cast<std::size_t>(pass.tile / run), 1};
  }
  bool fits(const std::array<std::size_t, 3>& local) const {
    const cl::NDRange fitting = plan_.engine().fitting(local);
    return std::equal(local.begin(), local.end(), fitting.get());
  }

  std::int64_t tile_rows(const Pass& pass) const { return pass.rows - 2 * pass.radius.y; }
  Shape tiles(const Pass& pass, std::int64_t planes) const {
    return {(shape_.x + pass.tile - 1) / pass.tile,
            (shape_.y + tile_rows(pass) - 1) / tile_rows(pass), (shape_.z + planes - 1) / planes};
  }

  /// Planes that a group takes: all, unless the device has nothing to do then.
  std::int64_t planes_of(const Pass& pass) const {
    if (pass.radius.z == 0) return 1;
    const Shape one = tiles(pass, shape_.z);
    const std::int64_t busy = 3 * std::max<std::int64_t>(1, plan_.device().compute_units);
    const std::int64_t chunks = std::clamp<std::int64_t>(busy / (one.x * one.y), 1, shape_.z);
    return std::max((shape_.z + chunks - 1) / chunks, 2 * pass.radius.z);
  }

  PlanBuilder::Range range(const Pass& pass, std::int64_t planes) const {
    const Shape groups = tiles(pass, planes);
    const auto [rows, runs, one] = local(pass);
    return {
        cl::NDRange(static_cast<std::size_t>(groups.x) * rows,
                    static_cast<std::size_t>(groups.y) * runs, static_cast<std::size_t>(groups.z)),
        cl::NDRange(rows, runs, one)};
  }

  std::string options(const Pass& pass) const {
    if (pass.axis >= 0) {
      const std::int64_t radius = radius_along(pass.radius, pass.axis);
      return known("RUN", line_run) + (radius <= most_known ? known("RX", radius) : "");
    }
    return known("TILE", pass.tile) + known("RY", pass.radius.y) + known("RZ", pass.radius.z) +
           (pass.radius.x <= most_known ? known("RX", pass.radius.x) : "");
  }

  /// The pass's weights, each axis' with a run's zeros on both sides.
  cl::Buffer weights(const Pass& pass, std::int64_t outputs) const {
    std::vector<cl_float> padded;
    for (int axis = 0; axis < 3; ++axis) {
      if (pass.axis >= 0 ? axis != pass.axis : axis == 2) continue;
      const auto padding = static_cast<std::size_t>(outputs - 1);
      padded.insert(padded.end(), padding, 0.0f);
      const auto& own = filter_.weights[axis];
      // A pass of tiles may leave y to another one.
      if (radius_along(pass.radius, axis) > 0)
        padded.insert(padded.end(), own.begin(), own.end());
      else
        padded.push_back(1.0f);
      padded.insert(padded.end(), padding, 0.0f);
    }
    return plan_.constant(padded);
  }

  PlanBuilder& plan_;
  const WindowFilter& filter_;
  Shape shape_;
};

}  // namespace

bool with_exact_sums(WindowFilter& filter, DType type, double window) {
  const double largest = type == DType::u8 ? 255 : 65535;
  if (!filter.mean || type == DType::f32 || window * (largest + 1) >= 0x1p32) return false;
  filter.options += " -D EXACT";
  filter.between = DType::u32;
  return true;
}

void filter_separably(PlanBuilder& plan, WindowFilter filter, const Memory& from, DType from_type,
                      const Memory& to, DType to_type, const Shape& shape, const Reach& radius) {
  double window = 1;
  for (int axis = 0; axis < 3; ++axis)
    window *= static_cast<double>(2 * radius_along(radius, axis) + 1);
  const bool exact = with_exact_sums(filter, from_type, window);
  const Separable separable(plan, filter, shape);
  const auto passes = separable.passes(radius);
  std::vector<Memory> images{from};
  for (std::size_t i = 0; i + 1 < passes.size(); ++i)
    images.emplace_back(
        plan.scratch(static_cast<std::size_t>(shape.voxels()) * bytes_of(filter.between)));
  images.push_back(to);
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const bool last = i + 1 == passes.size();
    separable.launch(passes[i], images[i], i == 0 ? from_type : filter.between, images[i + 1],
                     last ? to_type : filter.between,
                     exact && last ? static_cast<cl_uint>(window) : 1);
  }
}

}  // namespace voxelmark::opencl
