#include "engines/operations/gaussian_blur.hpp"

#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

// Integers go through float32 matrices: cv::GaussianBlur on 8 and 16 bit uses fixed-point weights,
// which is another operation. OpenCV sums one by one, so that the roundings of a thousand float32
// terms would show in 16-bit results: wide blurs of integers take double. Along z, slices are laid
// out as the rows of one matrix.
template <class M>
std::function<void()> blur(Work<M>& work, const Pixels<M>& from, DType from_type,
                           const Pixels<M>& to, DType to_type, const PerAxis& sigma) {
  const auto size = [](float s) { return 2 * gaussian_radius(s) + 1; };
  const cv::Size plane(size(sigma.x), size(sigma.y));
  // OpenCV takes a sigma of 0 for "choose one"; a width of 1 makes any other do nothing.
  const auto given = [](float s) { return s > 0 ? static_cast<double>(s) : 1.0; };
  const Shape shape = from.shape();
  const bool rounds = to_type != DType::f32, blurs_z = size(sigma.z) > 1;
  constexpr int wide = 129;
  const DType type = rounds && std::max({plane.width, plane.height, size(sigma.z)}) > wide
                         ? DType::f64
                         : DType::f32;
  const bool converts = from_type != type;
  const int depth = mat_type(type);
  const cv::Mat along_z = cv::getGaussianKernel(size(sigma.z), given(sigma.z), depth);
  const auto scratch = [&](bool wanted, const Pixels<M>& other) {
    return wanted ? work.scratch(shape, type) : other;
  };
  const Pixels<M> values = scratch(converts || (blurs_z && rounds), from);
  const Pixels<M> blurred = scratch(blurs_z || rounds, to);

  return [=] {
    for (std::int64_t z = 0; z < shape.z; ++z) {
      M source = from.slice(z);
      if (converts) {
        M converted = values.slice(z);
        source.convertTo(converted, depth);
        source = converted;
      }
      M result = blurred.slice(z);
      cv::GaussianBlur(source, result, plane, given(sigma.x), given(sigma.y), edge_border);
    }
    M result = to.slices_as_rows();
    if (blurs_z) {
      M floats = rounds ? values.slices_as_rows() : result;
      cv::sepFilter2D(blurred.slices_as_rows(), floats, depth, cv::Mat::ones(1, 1, depth), along_z,
                      {-1, -1}, 0, edge_border);
      if (rounds) floats.convertTo(result, result.type());
    } else if (rounds) {
      blurred.slices_as_rows().convertTo(result, result.type());
    }
  };
}

template std::function<void()> blur(Work<cv::Mat>&, const Pixels<cv::Mat>&, DType,
                                    const Pixels<cv::Mat>&, DType, const PerAxis&);
template std::function<void()> blur(Work<cv::UMat>&, const Pixels<cv::UMat>&, DType,
                                    const Pixels<cv::UMat>&, DType, const PerAxis&);

template <class M>
Body gaussian_blur(Work<M>& work) {
  return blur(work, work.input(), work.dtype(), work.output(), work.output_dtype(),
              work.parameters().per_axis("sigma"));
}

VOXELMARK_FOR_BOTH_MATRICES(gaussian_blur);

}  // namespace voxelmark::opencv_operations
