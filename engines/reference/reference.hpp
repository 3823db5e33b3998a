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

void absolute_difference(const Job&, const Region&, std::span<double>);
void add_images_weighted(const Job&, const Region&, std::span<double>);
void add_scalar(const Job&, const Region&, std::span<double>);
void affine_transform(const Job&, const Region&, std::span<double>);
void auto_threshold(const Job&, Image&);
void binary_and(const Job&, const Region&, std::span<double>);
void bottom_hat(const Job&, const Region&, std::span<double>);
void centroids(const Job&, Image&);
void connected_components(const Job&, Image&);
void convert(const Job&, const Region&, std::span<double>);
void copy(const Job&, const Region&, std::span<double>);
void count_labels(const Job&, Image&);
void crop(const Job&, const Region&, std::span<double>);
void detect_maxima(const Job&, Image&);
void difference_of_gaussian(const Job&, const Region&, std::span<double>);
void dilate(const Job&, const Region&, std::span<double>);
void divide_by_gaussian_background(const Job&, const Region&, std::span<double>);
void erode(const Job&, const Region&, std::span<double>);
void eroded_otsu_labeling(const Job&, Image&);
void exclude_labels_on_edges(const Job&, Image&);
void exclude_labels_outside_mean_range(const Job&, Image&);
void exclude_labels_outside_size_range(const Job&, Image&);
void find_maxima(const Job&, Image&);
void fixed_threshold(const Job&, const Region&, std::span<double>);
void flip(const Job&, const Region&, std::span<double>);
void gauss_otsu_labeling(const Job&, Image&);
void gaussian_blur(const Job&, const Region&, std::span<double>);
void histogram(const Job&, Image&);
void label_statistics(const Job&, Image&);
void maximum(const Job&, const Region&, std::span<double>);
void maximum_of_all_pixels(const Job&, Image&);
void maximum_x_projection(const Job&, const Region&, std::span<double>);
void maximum_y_projection(const Job&, const Region&, std::span<double>);
void maximum_z_projection(const Job&, const Region&, std::span<double>);
void mean(const Job&, const Region&, std::span<double>);
void mean_of_all_pixels(const Job&, Image&);
void mean_z_projection(const Job&, const Region&, std::span<double>);
void median(const Job&, const Region&, std::span<double>);
void minimum(const Job&, const Region&, std::span<double>);
void minimum_of_all_pixels(const Job&, Image&);
void minimum_z_projection(const Job&, const Region&, std::span<double>);
void multiply_scalar(const Job&, const Region&, std::span<double>);
void neighbor_mesh(const Job&, Image&);
void radial_reslice(const Job&, const Region&, std::span<double>);
void resample(const Job&, const Region&, std::span<double>);
void reslice(const Job&, const Region&, std::span<double>);
void rotate(const Job&, const Region&, std::span<double>);
void rotate_angle(const Job&, const Region&, std::span<double>);
void scale(const Job&, const Region&, std::span<double>);
void squared_difference(const Job&, const Region&, std::span<double>);
void standard_deviation_of_all_pixels(const Job&, Image&);
void subtract_gaussian_background(const Job&, const Region&, std::span<double>);
void sum_of_all_pixels(const Job&, Image&);
void sum_z_projection(const Job&, const Region&, std::span<double>);
void top_hat(const Job&, const Region&, std::span<double>);
void translate(const Job&, const Region&, std::span<double>);
void voronoi(const Job&, Image&);
void voronoi_otsu_labeling(const Job&, Image&);

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

/// Steps that compositions share.

/// The mask (u8) of what lies above a level found in the histogram; see AutoThreshold.
void auto_threshold(const Image& image, const std::string& method, Image& mask);

/// The least and the greatest pixel, NaN only where all are NaN.
struct Extrema {
  double minimum = 0, maximum = 0;
};
Extrema extrema(const Image& image);

}  // namespace voxelmark::reference
