#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body median(Work<M>& work) {
  const PerAxis radius = work.parameters().per_axis("radius");
  if (radius.z > 0) return Skip{"cv::medianBlur is 2D"};
  if (work.parameters().choice("window") != "box" && (radius.x > 0 || radius.y > 0))
    return Skip{"cv::medianBlur knows box windows only"};
  if (radius.x != radius.y) return Skip{"cv::medianBlur knows square windows only"};
  const int size = 2 * static_cast<int>(radius.x) + 1;
  if (size > 5 && work.output_dtype() != DType::u8)
    return Skip{"cv::medianBlur ends at 5x5 for " + to_string(work.output_dtype())};
  if (size > 255) return Skip{"cv::medianBlur ends at 255x255"};
  return [input = work.input(), output = work.output(), size] {
    for (std::int64_t z = 0; z < output.shape().z; ++z) {
      M result = output.slice(z);
      cv::medianBlur(input.slice(z), result, size);
    }
  };
}

VOXELMARK_FOR_BOTH_MATRICES(median);

}  // namespace voxelmark::opencv_operations
