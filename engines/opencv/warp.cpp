// Values between voxels: affine transforms and resampling.
#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"
#include "engines/operations/resample.hpp"

namespace voxelmark::opencv_operations {

namespace {
Skip coarse() {
  return {"cv::warpAffine rounds coordinates to 1/32 pixel, which is another operation"};
}
}  // namespace

template <class M>
Body affine_transform(Work<M>&) {
  return coarse();
}

template <class M>
Body translate(Work<M>&) {
  return coarse();
}

template <class M>
Body scale(Work<M>&) {
  return coarse();
}

template <class M>
Body rotate_angle(Work<M>&) {
  return coarse();
}

// Slice by slice, and then along z with one slice a row of a matrix.
template <class M>
Body resample(Work<M>& work) {
  if (work.dtype() != DType::f32)
    return Skip{"cv::resize rounds the weights of integers to 11 bits"};
  const Shape from = work.shape(), to = work.output_shape();
  const auto steps = resampling_steps(work.operation().dims, work.parameters());
  // Given the factors, cv::resize computes the sizes, and only so takes these very factors.
  const auto same = [](std::int64_t n, double step, std::int64_t wanted) {
    return cvRound(static_cast<double>(n) * (1 / step)) == wanted;
  };
  if (!same(from.x, steps[0], to.x) || !same(from.y, steps[1], to.y) ||
      !same(from.z, steps[2], to.z))
    return Skip{"cv::resize rounds the size of this result otherwise"};
  const bool along_z = steps[2] != 1;
  const auto output = work.output();
  const auto slices = along_z ? work.scratch({to.x, to.y, from.z}, DType::f32) : output;
  return [=, input = work.input()] {
    for (std::int64_t z = 0; z < from.z; ++z) {
      M result = slices.slice(z);
      cv::resize(input.slice(z), result, {}, 1 / steps[0], 1 / steps[1], cv::INTER_LINEAR);
    }
    if (along_z) {
      M result = output.slices_as_rows();
      cv::resize(slices.slices_as_rows(), result, {}, 1, 1 / steps[2], cv::INTER_LINEAR);
    }
  };
}

VOXELMARK_FOR_BOTH_MATRICES(affine_transform);
VOXELMARK_FOR_BOTH_MATRICES(translate);
VOXELMARK_FOR_BOTH_MATRICES(scale);
VOXELMARK_FOR_BOTH_MATRICES(rotate_angle);
VOXELMARK_FOR_BOTH_MATRICES(resample);

}  // namespace voxelmark::opencv_operations
