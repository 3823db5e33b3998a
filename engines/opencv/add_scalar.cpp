#include <algorithm>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

Body add_scalar(const Request& request) {
  return [input = request.inputs[0], output = request.output,
          scalar = request.parameters.number("scalar")] {
    cv::Mat result = all_rows(output);
    const auto value = static_cast<double>(scalar);
    constexpr double saturating = 1e6;  // OpenCV's own rounding wraps around above 2^31
    // cv::add rounds the scalar to the image's type first; convertTo adds in float32 and rounds the
    // sum.
    if (result.depth() == CV_32F)
      cv::add(all_rows(input), cv::Scalar(value), result);
    else
      all_rows(input).convertTo(result, result.type(), 1,
                                std::clamp(value, -saturating, saturating));
  };
}

}  // namespace voxelmark::opencv_operations
