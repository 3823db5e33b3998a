#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"
#include "engines/opencv/window_elements.hpp"

namespace voxelmark::opencv_operations {

namespace {

/// `from` as float32, through `floats` where it is not.
template <class M>
M as_float(const M& from, M floats) {
  if (from.type() == CV_32F) return from;
  from.convertTo(floats, CV_32F);
  return floats;
}

}  // namespace

// Through float32 images: OpenCV's own means of integers are rounded after the slices.
template <class M>
Body mean(Work<M>& work) {
  const Window window(work.parameters());
  const Shape shape = work.shape();
  const Pixels<M> input = work.input(), output = work.output();
  const bool converts = work.dtype() != DType::f32;
  const Pixels<M> result = converts ? work.scratch(shape, DType::f32) : output;
  const Pixels<M> floats = work.scratch({shape.x, shape.y, 1}, DType::f32);
  const auto finish = [=] {
    if (!converts) return;
    M rounded = output.all_rows();
    result.all_rows().convertTo(rounded, rounded.type());
  };
  const auto size = [](std::int64_t radius) { return 2 * static_cast<int>(radius) + 1; };
  if (!window.sphere) {
    const Pixels<M> between = window.radius.z > 0 ? work.scratch(shape, DType::f32) : result;
    return [=, plane = cv::Size(size(window.radius.x), size(window.radius.y)),
            line = cv::Size(1, size(window.radius.z))] {
      for (std::int64_t z = 0; z < shape.z; ++z) {
        M means = between.slice(z);
        cv::blur(as_float(input.slice(z), floats.slice(0)), means, plane, {-1, -1}, edge_border);
      }
      if (line.height > 1) {
        M means = result.slices_as_rows();
        cv::blur(between.slices_as_rows(), means, line, {-1, -1}, edge_border);
      }
      finish();
    };
  }
  std::vector<cv::Mat> weights = plane_elements(window);
  for (cv::Mat& plane : weights)
    plane.convertTo(plane, CV_32F, 1.0 / static_cast<double>(window_size(window)));
  const Pixels<M> disc = work.scratch({shape.x, shape.y, 1}, DType::f32);
  return [=, radius = window.radius.z] {
    for (std::int64_t z = 0; z < shape.z; ++z)
      for (std::int64_t d = -radius; d <= radius; ++d) {
        const std::int64_t from = std::clamp<std::int64_t>(z + d, 0, shape.z - 1);
        M sum = result.slice(z), part = d == -radius ? sum : disc.slice(0);
        cv::filter2D(as_float(input.slice(from), floats.slice(0)), part, CV_32F,
                     weights[d + radius], {-1, -1}, 0, edge_border);
        if (d > -radius) cv::add(sum, part, sum);
      }
    finish();
  };
}

VOXELMARK_FOR_BOTH_MATRICES(mean);

}  // namespace voxelmark::opencv_operations
