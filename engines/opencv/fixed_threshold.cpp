#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

Body fixed_threshold(const Request& request) {
  return [input = request.inputs[0], output = request.output,
          threshold = request.parameters.number("threshold")] {
    cv::Mat result = all_rows(output);
    // cv::threshold asks a > t; cv::compare can ask a >= t, but says 255.
    cv::compare(all_rows(input), cv::Scalar(static_cast<double>(threshold)), result, cv::CMP_GE);
    cv::bitwise_and(result, cv::Scalar(1), result);
  };
}

}  // namespace voxelmark::opencv_operations
