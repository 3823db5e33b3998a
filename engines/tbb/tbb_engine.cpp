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
        {"BottomHat", bottom_hat},
        {"DifferenceOfGaussian", difference_of_gaussian},
        {"Dilate", dilate},
        {"DivideByGaussianBackground", divide_by_gaussian_background},
        {"Erode", erode},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Maximum", maximum},
        {"MaximumZProjection", maximum_z_projection},
        {"Mean", mean},
        {"Median", median},
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
