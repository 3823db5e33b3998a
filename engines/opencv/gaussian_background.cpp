#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body difference_of_gaussian(Work<M>& work) {
  const Pixels<M> wide = work.scratch(work.shape(), DType::f32);
  const auto blurred = [&](const char* sigma, const Pixels<M>& to) {
    return blur(work, work.input(), work.dtype(), to, DType::f32,
                work.parameters().per_axis(sigma));
  };
  return [=, output = work.output(), first = blurred("sigma1", work.output()),
          second = blurred("sigma2", wide)] {
    first();
    second();
    M result = output.all_rows();
    cv::subtract(result, wide.all_rows(), result);
  };
}

namespace {

/// combine(input as float32, background as float32, result).
template <class M, class Combine>
Body with_background(Work<M>& work, Combine combine) {
  const Pixels<M> background = work.scratch(work.shape(), DType::f32);
  const bool converts = work.dtype() != DType::f32;
  return [=, input = work.input(), output = work.output(),
          run = blur(work, work.input(), work.dtype(), background, DType::f32,
                     work.parameters().per_axis("sigma"))] {
    run();
    M result = output.all_rows(), values = input.all_rows();
    if (converts) {
      values.convertTo(result, CV_32F);
      values = result;
    }
    combine(values, background.all_rows(), result);
  };
}

}  // namespace

template <class M>
Body subtract_gaussian_background(Work<M>& work) {
  return with_background(work, [](const M& values, const M& background, M& result) {
    cv::subtract(values, background, result);
  });
}

template <class M>
Body divide_by_gaussian_background(Work<M>& work) {
  const Pixels<M> zeros = work.scratch(work.shape(), DType::u8);
  return with_background(work, [zeros](const M& values, const M& background, M& result) {
    M zero = zeros.all_rows();
    cv::compare(background, 0, zero, cv::CMP_EQ);
    cv::divide(values, background, result);
    result.setTo(0, zero);
  });
}

VOXELMARK_FOR_BOTH_MATRICES(difference_of_gaussian);
VOXELMARK_FOR_BOTH_MATRICES(subtract_gaussian_background);
VOXELMARK_FOR_BOTH_MATRICES(divide_by_gaussian_background);

}  // namespace voxelmark::opencv_operations
