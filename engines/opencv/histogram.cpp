#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body histogram(Work<M>&) {
  return Skip{
      "cv::calcHist decides bins in double precision and gives counts in float32, which is another "
      "histogram where a value lies near an edge or a count passes 2^24"};
}

template <class M>
Body auto_threshold(Work<M>& work) {
  if (work.parameters().choice("method") != "otsu")
    return Skip{"of these methods OpenCV has Otsu's, and another triangle"};
  if (work.dtype() == DType::f32) return Skip{"OpenCV has no Otsu threshold of float32"};
  return Skip{
      "cv::threshold compares rounded fractions, so that it takes another of two equally good "
      "Otsu levels, and it leaves out classes of less than 1.2e-7 of the voxels"};
}

VOXELMARK_FOR_BOTH_MATRICES(histogram);
VOXELMARK_FOR_BOTH_MATRICES(auto_threshold);

}  // namespace voxelmark::opencv_operations
