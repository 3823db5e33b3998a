#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

Body flip(const Request& request) {
  return [input = request.inputs[0], output = request.output,
          axis = request.parameters.choice("axis")] {
    constexpr int left_to_right = 1, top_to_bottom = 0;
    if (axis == "x") {
      cv::Mat result = all_rows(output);
      cv::flip(all_rows(input), result, left_to_right);
    } else if (axis == "z") {
      cv::Mat result = slices_as_rows(output);
      cv::flip(slices_as_rows(input), result, top_to_bottom);
    } else {
      for (std::int64_t z = 0; z < output->shape().z; ++z) {
        cv::Mat result = slice(output, z);
        cv::flip(slice(input, z), result, top_to_bottom);
      }
    }
  };
}

}  // namespace voxelmark::opencv_operations
