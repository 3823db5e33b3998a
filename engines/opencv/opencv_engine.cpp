#include "engines/opencv/opencv_engine.hpp"

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark {

namespace {

class OpenCvEngine final : public HostEngine {
 public:
  using HostEngine::HostEngine;

  Prepared prepare(const Request& request) override {
    using namespace opencv_operations;
    for (const Shape& shape : {request.inputs[0]->shape(), request.output->shape()})
      if (auto skip = too_large(shape)) return *skip;
    const auto make = find<cv::Mat>(request.operation.family);
    if (!make) return Skip{"OpenCV has no " + request.operation.family};
    Work<cv::Mat> work(request);
    auto body = make(work);
    if (auto* skip = std::get_if<Skip>(&body)) return *skip;
    // OpenCV keeps one thread count for the whole process, and builds its threads anew at each
    // change.
    return plan(request,
                [count = threads(), run = std::get<std::function<void()>>(std::move(body))] {
                  if (cv::getNumThreads() != count) cv::setNumThreads(count);
                  run();
                });
  }
};

}  // namespace

EngineKind opencv_engine() {
  return host_engine_kind<OpenCvEngine>("opencv", std::string("OpenCV ") + cv::getVersionString());
}

}  // namespace voxelmark
