#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

namespace {

template <class M>
std::function<void()> opened_or_closed(Work<M>& work, Extreme first, Extreme second) {
  const Pixels<M> between = work.scratch(work.shape(), work.dtype());
  const auto once = extreme(work, first, work.input(), between, work.dtype(), work.parameters()),
             twice = extreme(work, second, between, work.output(), work.dtype(), work.parameters());
  return [=] {
    once();
    twice();
  };
}

}  // namespace

template <class M>
Body top_hat(Work<M>& work) {
  return [=, input = work.input(), output = work.output(),
          open = opened_or_closed(work, Extreme::minimum, Extreme::maximum)] {
    open();
    M result = output.all_rows();
    cv::subtract(input.all_rows(), result, result);
  };
}

template <class M>
Body bottom_hat(Work<M>& work) {
  return [=, input = work.input(), output = work.output(),
          close = opened_or_closed(work, Extreme::maximum, Extreme::minimum)] {
    close();
    M result = output.all_rows();
    cv::subtract(result, input.all_rows(), result);
  };
}

VOXELMARK_FOR_BOTH_MATRICES(top_hat);
VOXELMARK_FOR_BOTH_MATRICES(bottom_hat);

}  // namespace voxelmark::opencv_operations
