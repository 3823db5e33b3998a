#include "engines/tbb/tbb_engine.hpp"

#include <tbb/version.h>

#include <map>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark {

namespace {

class TbbEngine final : public HostEngine {
 public:
  using HostEngine::HostEngine;

  /// A second caller gives an arena of one thread a second one, for which plans have no scratch.
  int concurrent_streams() const override { return threads() > 1 ? 2 : 1; }
  Prepared prepare(const Request& request) override {
    using namespace tbb_operations;
    static const std::map<std::string, Make> families{
#define VOXELMARK_FAMILY(family, function) {#family, function},
#include "engines/tbb/families.def"
    };
    const auto found = families.find(request.operation.family);
    if (found == families.end()) return Skip{"the TBB engine has no " + request.operation.family};
    Work work(*this, request);
    return plan(request, found->second(work));
  }
};

}  // namespace

EngineKind tbb_engine() {
  return host_engine_kind<TbbEngine>("tbb", std::string("oneTBB ") + TBB_runtime_version());
}

}  // namespace voxelmark
