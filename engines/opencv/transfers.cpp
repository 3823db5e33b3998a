#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body copy(Work<M>& work) {
  return [input = work.input(), output = work.output()] {
    M result = output.all_rows();
    input.all_rows().copyTo(result);
  };
}

template <class M>
Body push(Work<M>& work) {
  if constexpr (std::is_same_v<M, cv::Mat>) return copy(work);
  if (work.parameters().choice("memory") != "pageable")
    return Skip{"OpenCV pins no memory of ours"};
  cv::Mat staging;
  work.input().all_rows().copyTo(staging);
  return [staging, output = work.output()] {
    M result = output.all_rows();
    staging.copyTo(result);
  };
}

template <class M>
Body pull(Work<M>& work) {
  if constexpr (std::is_same_v<M, cv::Mat>) return copy(work);
  return Skip{"what was pulled lies on the host, which a cv::UMat cannot show"};
}

VOXELMARK_FOR_BOTH_MATRICES(copy);
VOXELMARK_FOR_BOTH_MATRICES(push);
VOXELMARK_FOR_BOTH_MATRICES(pull);

}  // namespace voxelmark::opencv_operations
