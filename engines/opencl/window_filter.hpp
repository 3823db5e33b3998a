#pragma once
#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

/// Local memory that a kernel may take: what every device of the last decade has.
inline constexpr std::int64_t most_local_bytes = 32768;

/// What kernels/window_filter.cl makes of a window.
struct WindowFilter {
  std::string options;  ///< which filter
  DType between;        ///< of images between axes
  bool mean = false;
  std::array<std::vector<double>, 3> weights{};  ///< the Gaussian's, along x, y and z
};

/// Tiles of a group of kernels/window_filter.cl: rows with the halo's, columns without.
struct Tiles {
  Reach radius;
  std::int64_t run = 0, columns = 0, rows = 0;

  std::array<std::size_t, 3> local() const {
    return {static_cast<std::size_t>(rows), static_cast<std::size_t>(columns / run), 1};
  }
};

/// Such tiles, or nothing where they do not fit the device.
std::optional<Tiles> tiles_for(PlanBuilder&, const Reach& radius, bool gaussian);

/// One pass in tiles; `source` is generated text for the kernel, `window` what a mean divides by,
/// and `divisor` the same where it is exact, else 1.
void launch_tiles(PlanBuilder&, const WindowFilter& filter, const Tiles& tiles,
                  const std::string& source, const Memory& from, DType from_type, const Memory& to,
                  DType to_type, const Shape& shape, double window, cl_uint divisor);

/// Lets a mean of whole numbers be summed as such where `window` voxels' sum fits 32 bits.
bool with_exact_sums(WindowFilter& filter, DType type, double window);

/// Filters with a box of this radius, as few axes a launch as there must be.
void filter_separably(PlanBuilder&, WindowFilter filter, const Memory& from, DType from_type,
                      const Memory& to, DType to_type, const Shape& shape, const Reach& radius);

/// The same with a sphere.
void filter_sphere(PlanBuilder&, WindowFilter filter, const Memory& from, DType from_type,
                   const Memory& to, DType to_type, const Shape& shape, const Window& window);

/// The one or the other.
inline void filter_window(PlanBuilder& plan, const WindowFilter& filter, const Memory& from,
                          DType from_type, const Memory& to, DType to_type, const Shape& shape,
                          const Window& window) {
  if (window.sphere)
    filter_sphere(plan, filter, from, from_type, to, to_type, shape, window);
  else
    filter_separably(plan, filter, from, from_type, to, to_type, shape, window.radius);
}

}  // namespace voxelmark::opencl
