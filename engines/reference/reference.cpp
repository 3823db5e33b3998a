#include "engines/reference/reference.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark::reference {

std::variant<Evaluate, Whole> definition(const std::string& family) {
  static const std::vector<std::pair<std::string, std::variant<Evaluate, Whole>>> definitions{
      {"AbsoluteDifference", absolute_difference},
      {"AddImagesWeighted", add_images_weighted},
      {"AddScalar", add_scalar},
      {"AffineTransform", affine_transform},
      {"BinaryAnd", binary_and},
      {"BottomHat", bottom_hat},
      {"Centroids", centroids},
      {"ConnectedComponents", connected_components},
      {"Convert", convert},
      {"Copy", copy},
      {"CountLabels", count_labels},
      {"Crop", crop},
      {"DetectMaxima", detect_maxima},
      {"DifferenceOfGaussian", difference_of_gaussian},
      {"Dilate", dilate},
      {"DivideByGaussianBackground", divide_by_gaussian_background},
      {"Erode", erode},
      {"ErodedOtsuLabeling", eroded_otsu_labeling},
      {"ExcludeLabelsOnEdges", exclude_labels_on_edges},
      {"ExcludeLabelsOutsideMeanRange", exclude_labels_outside_mean_range},
      {"ExcludeLabelsOutsideSizeRange", exclude_labels_outside_size_range},
      {"FindMaxima", find_maxima},
      {"FixedThreshold", fixed_threshold},
      {"Flip", flip},
      {"GaussianBlur", gaussian_blur},
      {"GaussOtsuLabeling", gauss_otsu_labeling},
      {"LabelStatistics", label_statistics},
      {"Maximum", maximum},
      {"MaximumXProjection", maximum_x_projection},
      {"MaximumYProjection", maximum_y_projection},
      {"MaximumZProjection", maximum_z_projection},
      {"Mean", mean},
      {"MeanZProjection", mean_z_projection},
      {"Median", median},
      {"Minimum", minimum},
      {"MinimumZProjection", minimum_z_projection},
      {"MultiplyScalar", multiply_scalar},
      {"NeighborMesh", neighbor_mesh},
      {"Pull", copy},
      {"Push", copy},
      {"RadialReslice", radial_reslice},
      {"Resample", resample},
      {"Reslice", reslice},
      {"Rotate", rotate},
      {"RotateAngle", rotate_angle},
      {"Scale", scale},
      {"SquaredDifference", squared_difference},
      {"SubtractGaussianBackground", subtract_gaussian_background},
      {"SumZProjection", sum_z_projection},
      {"TopHat", top_hat},
      {"Translate", translate},
      {"Voronoi", voronoi},
      {"VoronoiOtsuLabeling", voronoi_otsu_labeling},
      {"AutoThreshold", Whole(auto_threshold)},
      {"Histogram", Whole(histogram)},
      {"MaximumOfAllPixels", Whole(maximum_of_all_pixels)},
      {"AutoThreshold", Whole(auto_threshold)},
      {"MaximumOfAllPixels", Whole(maximum_of_all_pixels)},
      {"MeanOfAllPixels", Whole(mean_of_all_pixels)},
      {"MinimumOfAllPixels", Whole(minimum_of_all_pixels)},
      {"StandardDeviationOfAllPixels", Whole(standard_deviation_of_all_pixels)},
      {"SumOfAllPixels", Whole(sum_of_all_pixels)},
      {"AutoThreshold", Whole(auto_threshold)},
      {"Histogram", Whole(histogram)},
      {"MaximumOfAllPixels", Whole(maximum_of_all_pixels)},
      {"AutoThreshold", Whole(auto_threshold)},
      {"Histogram", Whole(histogram)},
      {"MaximumOfAllPixels", Whole(maximum_of_all_pixels)},
      {"MeanOfAllPixels", Whole(mean_of_all_pixels)},
      {"MinimumOfAllPixels", Whole(minimum_of_all_pixels)},
      {"StandardDeviationOfAllPixels", Whole(standard_deviation_of_all_pixels)},
      {"SumOfAllPixels", Whole(sum_of_all_pixels)},
      {"MinimumOfAllPixels", Whole(minimum_of_all_pixels)},
      {"StandardDeviationOfAllPixels", Whole(standard_deviation_of_all_pixels)},
      {"SumOfAllPixels", Whole(sum_of_all_pixels)},
  };
  for (const auto& [name, evaluate] : definitions)
    if (name == family) return evaluate;
  throw std::logic_error("the reference does not define " + family);
}

bool voxelwise(const std::string& family) {
  return std::holds_alternative<Evaluate>(definition(family));
}

namespace {

/// Slices along z; of a 2D image, bands of rows.
std::vector<Region> slabs(const Shape& shape) {
  std::vector<Region> result;
  if (shape.z > 1) {
    for (std::int64_t z = 0; z < shape.z; ++z) result.push_back({{0, 0, z}, {shape.x, shape.y, 1}});
  } else {
    constexpr std::int64_t band = 16;
    for (std::int64_t y = 0; y < shape.y; y += band)
      result.push_back({{0, y, 0}, {shape.x, std::min(band, shape.y - y), 1}});
  }
  return result;
}

void store(std::span<const double> values, Image& output, std::int64_t first) {
  visit(output.dtype(), [&]<class T>(std::type_identity<T>) {
    std::transform(values.begin(), values.end(), output.pixels<T>().begin() + first,
                   to_pixel<T, double>);
  });
}

}  // namespace

void compute(const Job& job, Image& output) {
  const auto defined = definition(job.operation.family);
  if (const auto* whole = std::get_if<Whole>(&defined)) return (*whole)(job, output);
  const auto evaluate = std::get<Evaluate>(defined);
  const auto regions = slabs(output.shape());
  tbb::parallel_for(std::size_t{0}, regions.size(), [&](std::size_t i) {
    if (interrupt_requested) throw Interrupted();
    const Region& region = regions[i];
    std::vector<double> values(static_cast<std::size_t>(region.extent.voxels()));
    evaluate(job, region, values);
    store(values, output, offset(output.shape(), 0, region.origin.y, region.origin.z));
  });
}

Image compute_at(const Job& job, std::span<const Index> voxels) {
  const auto evaluate = std::get<Evaluate>(definition(job.operation.family));
  Image output({static_cast<std::int64_t>(voxels.size()), 1, 1},
               job.operation.result_dtype(job.parameters, job.input().dtype()));
  tbb::parallel_for(std::size_t{0}, voxels.size(), [&](std::size_t i) {
    if (interrupt_requested) throw Interrupted();
    double value = 0;
    evaluate(job, {voxels[i], {1, 1, 1}}, {&value, 1});
    store({&value, 1}, output, static_cast<std::int64_t>(i));
  });
  return output;
}

}  // namespace voxelmark::reference
