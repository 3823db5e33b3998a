#include "engines/operations/projection.hpp"

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body maximum_x_projection(Work<M>& work) {
  const Shape& shape = work.shape();
  return [=, input = work.input(), output = work.output(),
          rows = work.scratch({1, shape.y, shape.z}, work.dtype())] {
    constexpr int to_a_column = 1;
    M column = rows.all_rows(), result = output.all_rows();
    cv::reduce(input.all_rows(), column, to_a_column, cv::REDUCE_MAX);
    cv::transpose(rows.slices_as_rows(), result);
  };
}

template <class M>
Body maximum_y_projection(Work<M>& work) {
  return [input = work.input(), output = work.output()] {
    constexpr int to_a_row = 0;
    for (std::int64_t z = 0; z < input.shape().z; ++z) {
      M result = output.all_rows().row(static_cast<int>(z));
      cv::reduce(input.slice(z), result, to_a_row, cv::REDUCE_MAX);
    }
  };
}

namespace {

template <class M, class F>
Body slice_by_slice(Work<M>& work, F join) {
  return [input = work.input(), output = work.output(), join] {
    M result = output.all_rows();
    input.slice(0).copyTo(result);
    for (std::int64_t z = 1; z < input.shape().z; ++z) join(result, input.slice(z), result);
  };
}

/// The sum of the slices in double, times `scale`, in the output's type.
template <class M>
Body scaled_sum(Work<M>& work, double scale) {
  return [=, input = work.input(), output = work.output(),
          doubles = work.scratch(work.output_shape(), DType::f64)] {
    constexpr int to_a_row = 0;
    M sums = doubles.slices_as_rows(), result = output.slices_as_rows();
    cv::reduce(input.slices_as_rows(), sums, to_a_row, cv::REDUCE_SUM, CV_64F);
    sums.convertTo(result, result.type(), scale);
  };
}

}  // namespace

template <class M>
Body maximum_z_projection(Work<M>& work) {
  return slice_by_slice(work, [](const M& a, const M& b, M& result) { cv::max(a, b, result); });
}

template <class M>
Body minimum_z_projection(Work<M>& work) {
  return slice_by_slice(work, [](const M& a, const M& b, M& result) { cv::min(a, b, result); });
}

template <class M>
Body mean_z_projection(Work<M>& work) {
  return scaled_sum(work, 1 / static_cast<double>(work.shape().z));
}

template <class M>
Body sum_z_projection(Work<M>& work) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  const std::int64_t brightest = work.dtype() == DType::u8 ? 255 : 65535;
  if (work.dtype() != DType::f32 && work.shape().z > most / brightest)
    return Skip{"OpenCV has no unsigned 32-bit sums; these can pass 2^31"};
  return scaled_sum(work, 1);
}

VOXELMARK_FOR_BOTH_MATRICES(maximum_x_projection);
VOXELMARK_FOR_BOTH_MATRICES(maximum_y_projection);
VOXELMARK_FOR_BOTH_MATRICES(maximum_z_projection);
VOXELMARK_FOR_BOTH_MATRICES(minimum_z_projection);
VOXELMARK_FOR_BOTH_MATRICES(mean_z_projection);
VOXELMARK_FOR_BOTH_MATRICES(sum_z_projection);

}  // namespace voxelmark::opencv_operations
