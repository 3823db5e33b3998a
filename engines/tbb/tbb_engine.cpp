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
        {"AffineTransform", affine_transform},
        {"BinaryAnd", binary_and},
        {"ConnectedComponents", connected_components},
        {"Convert", convert},
        {"Copy", copy},
        {"Crop", crop},
        {"Dilate", dilate},
        {"Erode", erode},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Maximum", maximum},
        {"MaximumXProjection", maximum_x_projection},
        {"MaximumYProjection", maximum_y_projection},
        {"MaximumZProjection", maximum_z_projection},
        {"MeanZProjection", mean_z_projection},
        {"Median", median},
        {"Minimum", minimum},
        {"MinimumZProjection", minimum_z_projection},
        {"MultiplyScalar", multiply_scalar},
        {"Pull", copy},
        {"Push", copy},
        {"RadialReslice", radial_reslice},
        {"Resample", resample},
        {"Reslice", reslice},
        {"Rotate", rotate},
        {"RotateAngle", rotate_angle},
        {"Scale", scale},
        {"SquaredDifference", squared_difference},
        {"SumZProjection", sum_z_projection},
        {"Translate", translate},
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
