#include "engines/opencv/opencv_engine.hpp"

#include <limits>
#include <utility>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark {

namespace opencv_operations {

int mat_type(DType dtype) {
  switch (dtype) {
    case DType::u8:
      return CV_8UC1;
    case DType::u16:
      return CV_16UC1;
    case DType::f32:
      return CV_32FC1;
    case DType::u32:
      break;
  }
  throw std::logic_error("OpenCV has no u32 matrices");
}

namespace {
cv::Mat matrix(const std::shared_ptr<Buffer>& buffer, std::int64_t first, std::int64_t rows,
               std::int64_t columns) {
  Image& image = host(buffer).image();
  return {static_cast<int>(rows), static_cast<int>(columns), mat_type(image.dtype()),
          image.data() + static_cast<std::size_t>(first) * bytes_of(image.dtype())};
}
}  // namespace

cv::Mat all_rows(const std::shared_ptr<Buffer>& buffer) {
  const Shape& shape = buffer->shape();
  return matrix(buffer, 0, shape.y * shape.z, shape.x);
}

cv::Mat slice(const std::shared_ptr<Buffer>& buffer, std::int64_t z) {
  const Shape& shape = buffer->shape();
  return matrix(buffer, z * shape.x * shape.y, shape.y, shape.x);
}

cv::Mat slices_as_rows(const std::shared_ptr<Buffer>& buffer) {
  const Shape& shape = buffer->shape();
  return matrix(buffer, 0, shape.z, shape.x * shape.y);
}

}  // namespace opencv_operations

namespace {

class OpenCvEngine final : public HostEngine {
 public:
  using HostEngine::HostEngine;

  Prepared prepare(const Request& request) override {
    using namespace opencv_operations;
    static const std::vector<std::pair<std::string, Make>> table{
        {"AddScalar", add_scalar},
        {"FixedThreshold", fixed_threshold},
        {"Flip", flip},
        {"GaussianBlur", gaussian_blur},
        {"MaximumZProjection", maximum_z_projection},
        {"Median", median},
    };
    const Shape& shape = request.inputs[0]->shape();
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    if (shape.x * shape.y > most || shape.y * shape.z > most)
      return Skip{"OpenCV counts rows and columns in 32 bits; the image has more"};
    for (const auto& [family, make] : table) {
      if (family != request.operation.family) continue;
      auto body = make(request);
      if (auto* skip = std::get_if<Skip>(&body)) return *skip;
      // OpenCV keeps one thread count for the whole process, and builds its threads anew at each
      // change.
      return plan(request,
                  [count = threads(), run = std::get<std::function<void()>>(std::move(body))] {
                    if (cv::getNumThreads() != count) cv::setNumThreads(count);
                    run();
                  });
    }
    return Skip{"OpenCV has no " + request.operation.family};
  }
};

}  // namespace

EngineKind opencv_engine() {
  return host_engine_kind<OpenCvEngine>("opencv", std::string("OpenCV ") + cv::getVersionString());
}

}  // namespace voxelmark
