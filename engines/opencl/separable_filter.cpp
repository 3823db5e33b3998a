#include <algorithm>
#include <limits>

#include "engines/opencl/window_filter.hpp"
#include "engines/operations/projection.hpp"

namespace voxelmark::opencl {

namespace {

/// Radii up to these go in one pass along x and y, where the halo must not outweigh a tile.
constexpr std::int64_t most_fused_gaussian = 12, most_fused = 8, most_fused_z = 2;
/// Compilers for CPUs take seconds over what is unrolled for larger radii. No smaller: the windows
/// of a run of 8 have something in common from here on, which kernels for any radius rely on.
constexpr std::int64_t most_known_on_cpus = 3;
/// The kernel may read so many weights more than there are.
constexpr std::size_t step = 8;
/// Windows in a plane up to this radius are read as rows of four voxels.
constexpr std::int64_t most_in_quads = 4;

std::int64_t radius_along(const Reach& radius, int axis) {
  return axis == 0 ? radius.x : axis == 1 ? radius.y : radius.z;
}

/// Whether a radius is compiled in.
bool is_known(PlanBuilder& plan, const WindowFilter& filter, std::int64_t radius) {
  if (plan.device().is_cpu()) return radius <= most_known_on_cpus;
  return radius <= (filter.weights[0].empty() ? 20 : 40);
}

double window_of(const Reach& radius) {
  double window = 1;
  for (int axis = 0; axis < 3; ++axis)
    window *= static_cast<double>(2 * radius_along(radius, axis) + 1);
  return window;
}

std::string known(const char* name, std::int64_t value) {
  return std::string(" -D ") + name + "=" + std::to_string(value);
}

/// Appends an axis' weights with `run` - 1 zeros on both sides; the weight 1 for the radius 0.
void append_padded(std::vector<cl_float>& weights, const std::vector<double>& own,
                   std::int64_t radius, std::int64_t run) {
  const auto padding = static_cast<std::size_t>(run - 1);
  weights.insert(weights.end(), padding, 0.0f);
  if (radius > 0)
    weights.insert(weights.end(), own.begin(), own.end());
  else
    weights.push_back(1.0f);
  weights.insert(weights.end(), padding, 0.0f);
}

/// One launch: several axes in tiles, or one axis alone, or the narrow windows of planes.
struct Pass {
  Reach radius;
  std::optional<Tiles> tiles;
  int axis = 0;        ///< where there are no tiles
  bool quads = false;  ///< x and y at once without tiles
};

std::vector<Pass> passes_of(PlanBuilder& plan, const Shape& shape, const Reach& r, bool gaussian) {
  std::vector<Pass> passes;
  if (!gaussian && r.x > 0 && r.x <= most_in_quads && r.y <= most_in_quads && r.z == 0 &&
      shape.x % 4 == 0 && std::max({shape.x, shape.y, shape.z}) < std::int64_t{1} << 30)
    return {{r, {}, 0, true}};
  const std::int64_t most = plan.device().is_cpu() ? most_known_on_cpus
                            : gaussian             ? most_fused_gaussian
                                                   : most_fused;
  const bool fused = r.x > 0 && r.y > 0 && r.x <= most && r.y <= most;
  const bool in_z = fused && !gaussian && r.z <= std::min(most, most_fused_z);
  Reach in_tiles{r.x, fused ? r.y : 0, in_z ? r.z : 0};
  auto tiles = r.x > 0 ? tiles_for(plan, in_tiles, gaussian) : std::nullopt;
  if (!tiles && fused) tiles = tiles_for(plan, in_tiles = {r.x, 0, 0}, gaussian);
  if (tiles)
    passes.push_back({in_tiles, tiles, 0, false});
  else
    in_tiles = {0, 0, 0};
  for (int axis = 0; axis < 3; ++axis)
    if (radius_along(r, axis) > 0 && radius_along(in_tiles, axis) == 0)
      passes.push_back({{axis == 0 ? r.x : 0, axis == 1 ? r.y : 0, axis == 2 ? r.z : 0}, {}, axis});
  if (passes.empty()) passes.push_back({{0, 0, 0}, {}, 0, false});  // for the copy
  return passes;
}

void launch_lines(PlanBuilder& plan, const WindowFilter& filter, const Pass& pass,
                  const Memory& from, DType from_type, const Memory& to, DType to_type,
                  const Shape& shape, cl_uint divisor) {
  const int axis = pass.axis;
  const std::int64_t radius = radius_along(pass.radius, axis);
  // What the windows of a run have in common pays from 2 * radius + 1 >= run on.
  const bool box = filter.weights[0].empty();
  const std::int64_t run = box && radius < 8 ? 8 : box && radius >= 16 && axis == 1 ? 32 : 16;
  std::vector<cl_float> weights;
  append_padded(weights, filter.weights[axis], radius, run);
  weights.resize(weights.size() + step, 0.0f);
  const cl_long extent = extent_along(shape, axis);
  const cl_long lines = axis == 0 ? 1 : axis == 1 ? shape.x : shape.x * shape.y;
  const cl_long outer = shape.voxels() / (lines * extent);
  const std::array<std::size_t, 3> local{axis == 0 ? 1u : 64u, axis == 0 ? 64u : 4u,
                                         axis == 0 ? 4u : 1u};
  plan.launch("window_filter:filter_lines",
              {from_type, to_type,
               filter.options + known("RUN", run) +
                   (is_known(plan, filter, radius) ? known("R", radius) : std::string()) +
                   (lines > std::numeric_limits<cl_int>::max() ? " -D WIDE_STRIDE" : "")},
              plan.range({lines, pieces(extent, run), outer}, local), from, to, lines, extent,
              lines, outer, cl_long{lines * extent}, static_cast<cl_int>(radius),
              plan.constant(weights), static_cast<cl_float>(1 / window_of(pass.radius)), divisor);
}

void launch_quads(PlanBuilder& plan, const WindowFilter& filter, const Reach& radius,
                  const Memory& from, DType from_type, const Memory& to, DType to_type,
                  const Shape& shape, cl_uint divisor) {
  constexpr std::int64_t run = 8;
  plan.launch("window_filter:filter_quads",
              {from_type, to_type,
               filter.options + " -D QUADS" + known("RUN", run) + known("RX", radius.x) +
                   known("RY", radius.y)},
              plan.volume({shape.x / 4, pieces(shape.y, run), shape.z}), from, to,
              static_cast<cl_int>(shape.x), static_cast<cl_int>(shape.y),
              static_cast<cl_int>(shape.z), static_cast<cl_float>(1 / window_of(radius)), divisor);
}

}  // namespace

std::optional<Tiles> tiles_for(PlanBuilder& plan, const Reach& radius, bool gaussian) {
  const auto fits = [&](const Tiles& tiles) {
    const std::int64_t row = (tiles.columns + 2 * radius.x + tiles.run) | 1;
    const auto local = tiles.local();
    const cl::NDRange fitting = plan.engine().fitting(local);
    return tiles.rows * row * static_cast<std::int64_t>(sizeof(cl_float)) <= most_local_bytes &&
           std::equal(local.begin(), local.end(), fitting.get());
  };
  // The widest runs that pay, with as many rows as they need.
  if (const Tiles wide{radius, 16, 128, 32 + 2 * radius.y};
      gaussian && radius.y > 4 && radius.z == 0 && fits(wide))
    return wide;
  // Along z, runs are short: what is kept of the planes must fit registers.
  Tiles tiles{.radius = radius, .run = radius.z > 0 ? 4 : 8, .columns = 64};
  std::int64_t inner = radius.z > 0 ? 16 : radius.y > 4 ? (64 - 2 * radius.y) / 8 * 8 : 32;
  if (radius.y == 0 && radius.z == 0) {
    const bool is_wide = radius.x > most_fused_gaussian;
    tiles.columns = is_wide ? 256 : 128;
    if (is_wide) tiles.run = inner = 16;
  }
  for (; inner >= tiles.run; inner -= tiles.run) {
    tiles.rows = inner + 2 * radius.y;
    if (fits(tiles)) return tiles;
  }
  return std::nullopt;
}

void launch_tiles(PlanBuilder& plan, const WindowFilter& filter, const Tiles& tiles,
                  const std::string& source, const Memory& from, DType from_type, const Memory& to,
                  DType to_type, const Shape& shape, double window, cl_uint divisor) {
  const auto& [rx, ry, rz] = tiles.radius;
  const Shape across{pieces(shape.x, tiles.columns), pieces(shape.y, tiles.rows - 2 * ry), 1};
  std::int64_t planes = 1;
  if (rz > 0) {
    // All of them, unless the device has nothing to do then.
    const std::int64_t busy = 3 * std::max<std::int64_t>(1, plan.device().compute_units);
    const auto chunks = std::clamp<std::int64_t>(busy / (across.x * across.y), 1, shape.z);
    planes = std::max(pieces(shape.z, chunks), 2 * rz);
  }
  if (rz == 0 && ry > 0 && !filter.weights[0].empty()) planes = plan.planes_each(across, shape.z);
  std::vector<cl_float> weights;
  append_padded(weights, filter.weights[0], rx, tiles.run);
  append_padded(weights, filter.weights[1], ry, tiles.run);
  weights.resize(weights.size() + step, 0.0f);
  const auto range = PlanBuilder::Range::of_groups({across.x, across.y, pieces(shape.z, planes)},
                                                   tiles.rows, tiles.columns / tiles.run);
  plan.launch(
      "window_filter:filter_tiles",
      {from_type, to_type,
       filter.options + known("RUN", tiles.run) + known("TILE", tiles.columns) +
           known("ROWS", tiles.rows) + known("RX", rx) + known("RY", ry) + known("RZ", rz) +
           (planes > 1 ? " -D AHEAD" : "") + (is_known(plan, filter, rx) ? " -D KNOWN" : ""),
       source},
      range, from, to, cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
      static_cast<cl_int>(planes), plan.constant(weights), static_cast<cl_float>(1 / window),
      divisor);
}

bool with_exact_sums(WindowFilter& filter, DType type, double window) {
  const double largest = type == DType::u8 ? 255 : 65535;
  if (!filter.mean || type == DType::f32 || window * (largest + 1) >= 0x1p32) return false;
  filter.options += " -D EXACT";
  filter.between = DType::u32;
  return true;
}

void filter_separably(PlanBuilder& plan, WindowFilter filter, const Memory& from, DType from_type,
                      const Memory& to, DType to_type, const Shape& shape, const Reach& radius) {
  const double window = window_of(radius);
  const bool exact = with_exact_sums(filter, from_type, window);
  const auto passes = passes_of(plan, shape, radius, !filter.weights[0].empty());
  std::vector<Memory> images{from};
  for (std::size_t i = 0; i + 1 < passes.size(); ++i)
    images.emplace_back(
        plan.scratch(static_cast<std::size_t>(shape.voxels()) * bytes_of(filter.between)));
  images.push_back(to);
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const bool last = i + 1 == passes.size();
    const DType in = i == 0 ? from_type : filter.between, out = last ? to_type : filter.between;
    const cl_uint divisor = exact && last ? static_cast<cl_uint>(window) : 1;
    if (const auto& tiles = passes[i].tiles)
      launch_tiles(plan, filter, *tiles, "", images[i], in, images[i + 1], out, shape,
                   window_of(tiles->radius), divisor);
    else if (passes[i].quads)
      launch_quads(plan, filter, radius, from, in, to, out, shape, divisor);
    else
      launch_lines(plan, filter, passes[i], images[i], in, images[i + 1], out, shape, divisor);
  }
}

}  // namespace voxelmark::opencl
