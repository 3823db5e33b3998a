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
        {"AddScalar", add_scalar},
        {"AutoThreshold", auto_threshold},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Histogram", histogram},
        {"MaximumOfAllPixels", maximum_of_all_pixels},
        {"Copy", copy},
        {"Dilate", dilate},
        {"Erode", erode},
        {"ConnectedComponents", connected_components},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Maximum", maximum},
        {"MaximumZProjection", maximum_z_projection},
        {"MeanOfAllPixels", mean_of_all_pixels},
        {"Median", median},
        {"MinimumOfAllPixels", minimum_of_all_pixels},
        {"StandardDeviationOfAllPixels", standard_deviation_of_all_pixels},
        {"SumOfAllPixels", sum_of_all_pixels},
        {"Pull", copy},
        {"Push", copy},
        {"Minimum", minimum},
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
