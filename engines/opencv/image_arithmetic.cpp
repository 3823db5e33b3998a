#include <algorithm>
#include <cmath>
#include <limits>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body multiply_scalar(Work<M>& work) {
  const auto scalar = static_cast<double>(work.parameters().number("scalar"));
  // OpenCV's own rounding wraps around above 2^31. A greater factor saturates u8 as this one does,
  // but not u16.
  constexpr double wraps = std::numeric_limits<int>::max();
  const double most = wraps / (work.dtype() == DType::u8 ? 255 : 65535);
  if (work.dtype() == DType::u16 && std::abs(scalar) > most)
    return Skip{"OpenCV's conversion to u16 wraps around where a product passes 2^31"};
  return [=, input = work.input(), output = work.output()] {
    M result = output.all_rows();
    if (result.depth() == CV_32F)
      cv::multiply(input.all_rows(), cv::Scalar(scalar), result);
    else
      input.all_rows().convertTo(result, result.type(), std::clamp(scalar, -most, most));
  };
}

namespace {

/// Whether the factor's product with any u16 value is exact in float32: it has 8 digits at most.
bool short_enough(double factor) {
  int exponent = 0;
  const double digits = 256 * std::frexp(factor, &exponent);
  return digits == std::nearbyint(digits);
}

}  // namespace

template <class M>
Body add_images_weighted(Work<M>& work) {
  const auto factor1 = static_cast<double>(work.parameters().number("factor1"));
  const auto factor2 = static_cast<double>(work.parameters().number("factor2"));
  if (work.dtype() != DType::f32) {
    constexpr double brightest = 65535, wraps = std::numeric_limits<int>::max();
    if ((std::abs(factor1) + std::abs(factor2)) * brightest > wraps)
      return Skip{"OpenCV's rounding wraps around where a sum passes 2^31"};
    if (!short_enough(factor1) || !short_enough(factor2))
      return Skip{
          "cv::addWeighted adds a product that it has not rounded, which rounds some sums "
          "otherwise"};
  }
  return [=, a = work.input(0), b = work.input(1), output = work.output()] {
    M result = output.all_rows();
    cv::addWeighted(a.all_rows(), factor1, b.all_rows(), factor2, 0, result);
  };
}

template <class M>
Body binary_and(Work<M>& work) {
  return [a = work.input(0), b = work.input(1), output = work.output(),
          scratch = work.scratch(work.shape(), DType::u8)] {
    M result = output.all_rows(), other = scratch.all_rows();
    cv::compare(a.all_rows(), cv::Scalar(0), result, cv::CMP_NE);
    cv::compare(b.all_rows(), cv::Scalar(0), other, cv::CMP_NE);
    cv::bitwise_and(result, other, result);
    cv::bitwise_and(result, cv::Scalar(1), result);  // a comparison says 255
  };
}

template <class M>
Body absolute_difference(Work<M>& work) {
  return [a = work.input(0), b = work.input(1), output = work.output()] {
    M result = output.all_rows();
    cv::absdiff(a.all_rows(), b.all_rows(), result);
  };
}

template <class M>
Body squared_difference(Work<M>& work) {
  return [a = work.input(0), b = work.input(1), output = work.output()] {
    M result = output.all_rows();
    cv::subtract(a.all_rows(), b.all_rows(), result, cv::noArray(), CV_32F);
    cv::multiply(result, result, result);
  };
}

VOXELMARK_FOR_BOTH_MATRICES(multiply_scalar);
VOXELMARK_FOR_BOTH_MATRICES(add_images_weighted);
VOXELMARK_FOR_BOTH_MATRICES(binary_and);
VOXELMARK_FOR_BOTH_MATRICES(absolute_difference);
VOXELMARK_FOR_BOTH_MATRICES(squared_difference);

}  // namespace voxelmark::opencv_operations
