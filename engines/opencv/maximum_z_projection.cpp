#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

Body maximum_z_projection(const Request& request) {
  return [input = request.inputs[0], output = request.output] {
    cv::Mat result = all_rows(output);
    slice(input, 0).copyTo(result);
    for (std::int64_t z = 1; z < input->shape().z; ++z) cv::max(result, slice(input, z), result);
  };
}

}  // namespace voxelmark::opencv_operations
