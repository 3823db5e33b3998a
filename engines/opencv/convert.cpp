#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body convert(Work<M>& work) {
  const bool from_float = work.dtype() == DType::f32,
             to_integer = work.output_dtype() != DType::f32;
  if (!from_float || !to_integer)
    return [input = work.input(), output = work.output()] {
      M result = output.all_rows();
      input.all_rows().convertTo(result, result.type());
    };
  // OpenCV's own rounding wraps around above 2^31.
  return [input = work.input(), output = work.output(),
          limited = work.scratch(work.shape(), DType::f32)] {
    constexpr double saturating = 65536;
    M result = output.all_rows(), floats = limited.all_rows();
    cv::min(input.all_rows(), saturating, floats);
    cv::max(floats, 0.0, floats);
    floats.convertTo(result, result.type());
  };
}

VOXELMARK_FOR_BOTH_MATRICES(convert);

}  // namespace voxelmark::opencv_operations
