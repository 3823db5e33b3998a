#include "engines/operations/connected_components.hpp"

#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

// Of OpenCV's ways, Wu's (SAUF) alone numbers components in raster order: those by 2x2 blocks meet
// them in another one.
template <class M>
Body connected_components(Work<M>& work) {
  if (work.operation().dims != 2) return Skip{"OpenCV's connectedComponents is for 2D images"};
  const bool is_mask = work.dtype() == DType::u8;
  const Pixels<M> mask = is_mask ? work.input() : work.scratch(work.shape(), DType::u8),
                  negative = is_mask ? mask : work.scratch(work.shape(), DType::u8);
  return [=, input = work.input(), output = work.output(),
          connectivity = box_neighbours(work.parameters()) ? 8 : 4] {
    M foreground = mask.all_rows(), labels = output.all_rows();
    if (!is_mask) {
      // Not 0 would take NaN for foreground.
      M below = negative.all_rows();
      cv::compare(input.all_rows(), 0, foreground, cv::CMP_GT);
      cv::compare(input.all_rows(), 0, below, cv::CMP_LT);
      cv::bitwise_or(foreground, below, foreground);
    }
    cv::connectedComponents(foreground, labels, connectivity, CV_32S, cv::CCL_WU);
  };
}

VOXELMARK_FOR_BOTH_MATRICES(connected_components);

}  // namespace voxelmark::opencv_operations
