#include "engines/tbb/tbb_engine.hpp"

#include <tbb/version.h>

#include <utility>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark {

namespace {

class TbbEngine final : public HostEngine {
 public:
  using HostEngine::HostEngine;

  Prepared prepare(const Request& request) override {
    using namespace tbb_operations;
    static const std::vector<std::pair<std::string, Make>> table{
        {"AbsoluteDifference", absolute_difference},
        {"AddImagesWeighted", add_images_weighted},
        {"AddScalar", add_scalar},
        {"AffineTransform", affine_transform},
        {"AutoThreshold", auto_threshold},
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
        {"Histogram", histogram},
        {"LabelStatistics", label_statistics},
        {"Maximum", maximum},
        {"MaximumOfAllPixels", maximum_of_all_pixels},
        {"MaximumXProjection", maximum_x_projection},
        {"MaximumYProjection", maximum_y_projection},
        {"MaximumZProjection", maximum_z_projection},
        {"Mean", mean},
        {"MeanOfAllPixels", mean_of_all_pixels},
        {"MeanZProjection", mean_z_projection},
        {"Median", median},
        {"Minimum", minimum},
        {"MinimumOfAllPixels", minimum_of_all_pixels},
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
        {"StandardDeviationOfAllPixels", standard_deviation_of_all_pixels},
        {"SubtractGaussianBackground", subtract_gaussian_background},
        {"SumOfAllPixels", sum_of_all_pixels},
        {"SumZProjection", sum_z_projection},
        {"TopHat", top_hat},
        {"Translate", translate},
        {"Voronoi", voronoi},
        {"VoronoiOtsuLabeling", voronoi_otsu_labeling},
    };
    for (const auto& [family, make] : table)
      if (family == request.operation.family) {
        Work work(*this, request);
        return plan(request, make(work));
      }
    return Skip{"the TBB engine has no " + request.operation.family};
  }
};

}  // namespace

EngineKind tbb_engine() {
  return host_engine_kind<TbbEngine>("tbb", std::string("oneTBB ") + TBB_runtime_version());
}

}  // namespace voxelmark
