#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

Body median(const Request& request) {
  const PerAxis radius = request.parameters.per_axis("radius");
  const Shape& shape = request.output->shape();
  if (radius.z > 0) return Skip{"cv::medianBlur is 2D"};
  if (request.parameters.choice("window") != "box" && (radius.x > 0 || radius.y > 0))
    return Skip{"cv::medianBlur knows box windows only"};
  if (radius.x != radius.y) return Skip{"cv::medianBlur knows square windows only"};
  const int size = 2 * static_cast<int>(radius.x) + 1;
  if (size > 5 && request.output->dtype() != DType::u8)
    return Skip{"cv::medianBlur ends at 5x5 for " + to_string(request.output->dtype())};
  if (size > 255) return Skip{"cv::medianBlur ends at 255x255"};
  return [input = request.inputs[0], output = request.output, size, depth = shape.z] {
    for (std::int64_t z = 0; z < depth; ++z) {
      cv::Mat result = slice(output, z);
      cv::medianBlur(slice(input, z), result, size);
    }
  };
}

}  // namespace voxelmark::opencv_operations
