#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

// Of NaN and of values beyond 2^31 OpenCV makes something else: then the comparison says so.
template <class M>
Body convert(Work<M>& work) {
  return [input = work.input(), output = work.output()] {
    M result = output.all_rows();
    input.all_rows().convertTo(result, result.type());
  };
}

VOXELMARK_FOR_BOTH_MATRICES(convert);

}  // namespace voxelmark::opencv_operations
