#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"
#include "engines/opencv/window_elements.hpp"

namespace voxelmark::opencv_operations {

// A box is a rectangle in each slice and a line along z, where slices are laid out as rows. A
// sphere is the extreme over z of discs in shifted slices.
template <class M>
std::function<void()> extreme(Work<M>& work, Extreme which, const Pixels<M>& from,
                              const Pixels<M>& to, DType type, const Window& window) {
  const Shape shape = from.shape();
  const auto filter = [which](const M& source, M result, const cv::Mat& element) {
    const auto function = which == Extreme::minimum ? cv::erode : cv::dilate;
    function(source, result, element, {-1, -1}, 1, edge_border, cv::morphologyDefaultBorderValue());
  };
  if (!window.sphere || window.radius.z == 0) {
    const bool across = window.radius.z > 0;
    const Pixels<M> between = across ? work.scratch(shape, type) : to;
    return [=, plane = plane_elements(window)[window.sphere ? 0 : window.radius.z],
            line = cv::Mat(cv::Mat::ones(2 * static_cast<int>(window.radius.z) + 1, 1, CV_8U))] {
      for (std::int64_t z = 0; z < shape.z; ++z) filter(from.slice(z), between.slice(z), plane);
      if (across) filter(between.slices_as_rows(), to.slices_as_rows(), line);
    };
  }
  const Pixels<M> disc = work.scratch({shape.x, shape.y, 1}, type);
  return [=, elements = plane_elements(window)] {
    for (std::int64_t z = 0; z < shape.z; ++z) {
      M result = to.slice(z), other = disc.slice(0);
      filter(from.slice(z), result, elements[window.radius.z]);
      for (std::int64_t d = -window.radius.z; d <= window.radius.z; ++d) {
        if (d == 0 || z + d < 0 || z + d >= shape.z) continue;
        filter(from.slice(z + d), other, elements[d + window.radius.z]);
        if (which == Extreme::minimum)
          cv::min(result, other, result);
        else
          cv::max(result, other, result);
      }
    }
  };
}

template std::function<void()> extreme(Work<cv::Mat>&, Extreme, const Pixels<cv::Mat>&,
                                       const Pixels<cv::Mat>&, DType, const Window&);
template std::function<void()> extreme(Work<cv::UMat>&, Extreme, const Pixels<cv::UMat>&,
                                       const Pixels<cv::UMat>&, DType, const Window&);

namespace {

template <class M>
Body filter(Work<M>& work, Extreme which) {
  return extreme(work, which, work.input(), work.output(), work.dtype(), work.parameters());
}

// cv::compare gives 255 where it holds.
template <class M>
Body filter_mask(Work<M>& work, Extreme which) {
  const Pixels<M> mask = work.scratch(work.shape(), DType::u8);
  const auto run = extreme(work, which, mask, work.output(), DType::u8, work.parameters());
  return [=, input = work.input(), output = work.output()] {
    M foreground = mask.all_rows(), result = output.all_rows();
    cv::compare(input.all_rows(), 0, foreground, cv::CMP_NE);
    run();
    cv::min(result, 1, result);
  };
}

}  // namespace

template <class M>
Body minimum(Work<M>& work) {
  return filter(work, Extreme::minimum);
}
template <class M>
Body maximum(Work<M>& work) {
  return filter(work, Extreme::maximum);
}
template <class M>
Body erode(Work<M>& work) {
  return filter_mask(work, Extreme::minimum);
}
template <class M>
Body dilate(Work<M>& work) {
  return filter_mask(work, Extreme::maximum);
}

VOXELMARK_FOR_BOTH_MATRICES(minimum);
VOXELMARK_FOR_BOTH_MATRICES(maximum);
VOXELMARK_FOR_BOTH_MATRICES(erode);
VOXELMARK_FOR_BOTH_MATRICES(dilate);

}  // namespace voxelmark::opencv_operations
