#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

Body add_scalar(const Request& request) {
  return [input = request.inputs[0], output = request.output, scalar = request.parameters.number("scalar")] {
    cv::Mat result = all_rows(output);
    cv::add(all_rows(input), cv::Scalar(static_cast<double>(scalar)), result);
  };
}

}  // namespace voxelmark::opencv_operations
