#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body flip(Work<M>& work) {
  return [input = work.input(), output = work.output(), axis = work.parameters().choice("axis")] {
    constexpr int left_to_right = 1, top_to_bottom = 0;
    if (axis == "x") {
      M result = output.all_rows();
      cv::flip(input.all_rows(), result, left_to_right);
    } else if (axis == "z") {
      M result = output.slices_as_rows();
      cv::flip(input.slices_as_rows(), result, top_to_bottom);
    } else {
      for (std::int64_t z = 0; z < output.shape().z; ++z) {
        M result = output.slice(z);
        cv::flip(input.slice(z), result, top_to_bottom);
      }
    }
  };
}

VOXELMARK_FOR_BOTH_MATRICES(flip);

}  // namespace voxelmark::opencv_operations
