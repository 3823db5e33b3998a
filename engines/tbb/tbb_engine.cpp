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
        {"Centroids", centroids},
        {"ConnectedComponents", connected_components},
        {"Copy", copy},
        {"CountLabels", count_labels},
        {"Dilate", dilate},
        {"Erode", erode},
        {"ExcludeLabelsOnEdges", exclude_labels_on_edges},
        {"ExcludeLabelsOutsideMeanRange", exclude_labels_outside_mean_range},
        {"ExcludeLabelsOutsideSizeRange", exclude_labels_outside_size_range},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"Histogram", histogram},
        {"LabelStatistics", label_statistics},
        {"Maximum", maximum},
        {"MaximumOfAllPixels", maximum_of_all_pixels},
        {"MaximumZProjection", maximum_z_projection},
        {"MeanOfAllPixels", mean_of_all_pixels},
        {"Median", median},
        {"Minimum", minimum},
        {"MinimumOfAllPixels", minimum_of_all_pixels},
        {"Pull", copy},
        {"Push", copy},
        {"StandardDeviationOfAllPixels", standard_deviation_of_all_pixels},
        {"SumOfAllPixels", sum_of_all_pixels},
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
