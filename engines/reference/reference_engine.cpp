#include "engines/reference/reference_engine.hpp"

#include "engines/core/host_engine.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark {

namespace {

class ReferenceEngine final : public HostEngine {
 public:
  using HostEngine::HostEngine;

  int concurrent_streams() const override { return 2; }
  Prepared prepare(const Request& request) override {
    return plan(request, [operation = request.operation, parameters = request.parameters,
                          inputs = request.inputs, output = request.output] {
      std::vector<const Image*> images;
      for (const auto& input : inputs) images.push_back(&host(input).image());
      reference::compute({operation, parameters, images}, host(output).image());
    });
  }
};

}  // namespace

EngineKind reference_engine() {
  return host_engine_kind<ReferenceEngine>("reference", "double precision");
}

}  // namespace voxelmark
