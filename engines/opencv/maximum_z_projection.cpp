#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body maximum_z_projection(Work<M>& work) {
  return [input = work.input(), output = work.output()] {
    M result = output.all_rows();
    input.slice(0).copyTo(result);
    for (std::int64_t z = 1; z < input.shape().z; ++z) cv::max(result, input.slice(z), result);
  };
}

VOXELMARK_FOR_BOTH_MATRICES(maximum_z_projection);

}  // namespace voxelmark::opencv_operations
