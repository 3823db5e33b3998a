#pragma once
#include <algorithm>
#include <span>
#include <variant>

#include "engines/core/distance_transform.hpp"
#include "engines/core/engine.hpp"

namespace voxelmark::reference {

/// What one evaluation needs.
struct Job {
  const Operation& operation;
  const Parameters& parameters;
  std::vector<const Image*> inputs;

  const Image& input() const { return *inputs[0]; }
};

/// Computes the output voxels of `region` into `values`, x fastest, in double precision. Reads the
/// whole input wherever the definition asks for it.
using Evaluate = void (*)(const Job& job, const Region& region, std::span<double> values);

/// Computes the whole result where voxels cannot be computed singly: labels, tables, thresholds.
using Whole = void (*)(const Job& job, Image& output);

/// The definition of a family. Throws std::logic_error where there is none: the reference has all.
std::variant<Evaluate, Whole> definition(const std::string& family);

/// Whether a family's result can be computed at single voxels.
bool voxelwise(const std::string& family);

/// The whole result, rounded to the output's type, slab by slab on all threads. Throws Interrupted.
void compute(const Job& job, Image& output);

/// The result of a voxelwise family at single voxels, as a row of pixels.
Image compute_at(const Job& job, std::span<const Index> voxels);

/// The value of an image's voxel; beyond the border the nearest voxel inside.
inline double clamped(const Image& image, std::int64_t x, std::int64_t y, std::int64_t z) {
  const Shape& shape = image.shape();
  const auto i = static_cast<std::size_t>(offset(shape, std::clamp<std::int64_t>(x, 0, shape.x - 1),
                                                 std::clamp<std::int64_t>(y, 0, shape.y - 1),
                                                 std::clamp<std::int64_t>(z, 0, shape.z - 1)));
  return visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    return static_cast<double>(image.pixels<T>()[i]);
  });
}

/// Calls f(x, y, z, value) for each voxel of the region with a reference to its value.
template <class F>
void for_each_voxel(const Region& region, std::span<double> values, F&& f) {
  std::size_t i = 0;
  for (std::int64_t z = 0; z < region.extent.z; ++z)
    for (std::int64_t y = 0; y < region.extent.y; ++y)
      for (std::int64_t x = 0; x < region.extent.x; ++x)
        f(region.origin.x + x, region.origin.y + y, region.origin.z + z, values[i++]);
}

#define VOXELMARK_VOXELWISE(family, function) \
  void function(const Job&, const Region&, std::span<double>);
#define VOXELMARK_WHOLE(family, function) void function(const Job&, Image&);
#include "engines/reference/families.def"

/// Calls f(index) for each voxel of the image next to voxel i: those that share a face, or with
/// `box` all that differ by at most 1 along each axis.
template <class F>
void for_each_neighbour(const Shape& shape, std::int64_t i, bool box, F&& f) {
  const std::int64_t x = i % shape.x, y = i / shape.x % shape.y, z = i / shape.x / shape.y;
  for (std::int64_t dz = -1; dz <= 1; ++dz)
    for (std::int64_t dy = -1; dy <= 1; ++dy)
      for (std::int64_t dx = -1; dx <= 1; ++dx) {
        const std::int64_t steps = dx * dx + dy * dy + dz * dz;
        if (steps == 0 || (!box && steps > 1) || x + dx < 0 || x + dx >= shape.x || y + dy < 0 ||
            y + dy >= shape.y || z + dz < 0 || z + dz >= shape.z)
          continue;
        f(static_cast<std::size_t>(offset(shape, x + dx, y + dy, z + dz)));
      }
}

/// Steps that compositions share.

/// The components of the mask's foreground (see ConnectedComponents) in `labels`, and their count.
std::uint32_t label_components(const Image& mask, bool box, Image& labels);

/// The nearest label of each voxel (see Voronoi). `labels` may be `seeds`.
void label_nearest(const Image& seeds, const AxisWeights& weights, Image& labels);

/// The mask (u8) of the local maxima; see DetectMaxima. `highest` is the image's maximum filter.
void mark_maxima(const Image& image, const Image& highest, float floor, Image& mask);

/// A Gaussian blur; see GaussianBlur.
void blur(const Image& image, const PerAxis& sigma, const Region& region, std::span<double> values);

/// The mask (u8) of what lies above a level found in the histogram; see AutoThreshold.
void auto_threshold(const Image& image, const std::string& method, Image& mask);

/// The least and the greatest pixel, NaN only where all are NaN.
struct Extrema {
  double minimum = 0, maximum = 0;
};
Extrema extrema(const Image& image);

}  // namespace voxelmark::reference
