#include <algorithm>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body add_scalar(Work<M>& work) {
  return
      [input = work.input(), output = work.output(), scalar = work.parameters().number("scalar")] {
        M result = output.all_rows();
        const auto value = static_cast<double>(scalar);
        constexpr double saturating = 1e6;  // OpenCV's own rounding wraps around above 2^31
        // cv::add rounds the scalar to the image's type first; convertTo adds in float32 and rounds
        // the sum.
        if (result.depth() == CV_32F)
          cv::add(input.all_rows(), cv::Scalar(value), result);
        else
          input.all_rows().convertTo(result, result.type(), 1,
                                     std::clamp(value, -saturating, saturating));
      };
}

VOXELMARK_FOR_BOTH_MATRICES(add_scalar);

}  // namespace voxelmark::opencv_operations
