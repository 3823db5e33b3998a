#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body fixed_threshold(Work<M>& work) {
  return [input = work.input(), output = work.output(),
          threshold = work.parameters().number("threshold")] {
    M result = output.all_rows();
    // cv::threshold asks a > t; cv::compare can ask a >= t, but says 255.
    cv::compare(input.all_rows(), cv::Scalar(static_cast<double>(threshold)), result, cv::CMP_GE);
    cv::bitwise_and(result, cv::Scalar(1), result);
  };
}

VOXELMARK_FOR_BOTH_MATRICES(fixed_threshold);

}  // namespace voxelmark::opencv_operations
