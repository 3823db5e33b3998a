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
        {"AddImagesWeighted", add_images_weighted},
        {"AddScalar", add_scalar},
        {"BinaryAnd", binary_and},
        {"Convert", convert},
        {"Crop", crop},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"MaximumXProjection", maximum_x_projection},
        {"MaximumYProjection", maximum_y_projection},
        {"AutoThreshold", auto_threshold},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Histogram", histogram},
        {"MaximumOfAllPixels", maximum_of_all_pixels},
        {"Copy", copy},
        {"BottomHat", bottom_hat},
        {"DifferenceOfGaussian", difference_of_gaussian},
        {"Dilate", dilate},
        {"DivideByGaussianBackground", divide_by_gaussian_background},
        {"Erode", erode},
        {"ConnectedComponents", connected_components},
        {"DetectMaxima", detect_maxima},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Maximum", maximum},
        {"MaximumZProjection", maximum_z_projection},
        {"MeanZProjection", mean_z_projection},
        {"Mean", mean},
        {"Median", median},
        {"MinimumZProjection", minimum_z_projection},
        {"MultiplyScalar", multiply_scalar},
        {"Reslice", reslice},
        {"Rotate", rotate},
        {"SquaredDifference", squared_difference},
        {"SumZProjection", sum_z_projection},
        {"MeanOfAllPixels", mean_of_all_pixels},
        {"Median", median},
        {"MinimumOfAllPixels", minimum_of_all_pixels},
        {"StandardDeviationOfAllPixels", standard_deviation_of_all_pixels},
        {"SumOfAllPixels", sum_of_all_pixels},
        {"Voronoi", voronoi},
        {"Pull", copy},
        {"Push", copy},
        {"Minimum", minimum},
        {"SubtractGaussianBackground", subtract_gaussian_background},
        {"TopHat", top_hat},
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
