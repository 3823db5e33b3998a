#include "engines/operations/gaussian_blur.hpp"

#include <opencv2/imgproc.hpp>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

// Integers go through float32 matrices: cv::GaussianBlur on 8 and 16 bit uses fixed-point weights,
// which is another operation. Along z, slices are laid out as the rows of one matrix.
Body gaussian_blur(const Request& request) {
  const PerAxis sigma = request.parameters.per_axis("sigma");
  const auto size = [](float s) { return 2 * gaussian_radius(s) + 1; };
  const cv::Size plane(size(sigma.x), size(sigma.y));
  // OpenCV takes a sigma of 0 for "choose one"; a width of 1 makes any other do nothing.
  const auto given = [](float s) { return s > 0 ? static_cast<double>(s) : 1.0; };
  const cv::Mat along_z = cv::getGaussianKernel(size(sigma.z), given(sigma.z), CV_32F);
  const Shape shape = request.output->shape();
  const bool integers = request.output->dtype() != DType::f32;
  auto& arena = static_cast<HostArena&>(request.arena);
  const std::size_t bytes = static_cast<std::size_t>(shape.voxels()) * sizeof(float);
  const auto values = integers ? arena.slot(0, bytes) : nullptr;
  const auto blurred = along_z.rows > 1 || integers ? arena.slot(1, bytes) : nullptr;

  return [=, input = request.inputs[0], output = request.output] {
    const auto floats = [&](const auto& slot, std::int64_t first, std::int64_t rows,
                            std::int64_t columns) {
      return cv::Mat(static_cast<int>(rows), static_cast<int>(columns), CV_32F,
                     slot->template pixels<float>() + first);
    };
    const std::int64_t pixels = shape.x * shape.y;
    for (std::int64_t z = 0; z < shape.z; ++z) {
      cv::Mat from = slice(input, z);
      if (integers) {
        cv::Mat converted = floats(values, z * pixels, shape.y, shape.x);
        from.convertTo(converted, CV_32F);
        from = converted;
      }
      cv::Mat to = blurred ? floats(blurred, z * pixels, shape.y, shape.x) : slice(output, z);
      cv::GaussianBlur(from, to, plane, given(sigma.x), given(sigma.y), cv::BORDER_REPLICATE);
    }
    cv::Mat result = slices_as_rows(output);
    if (along_z.rows > 1) {
      cv::Mat to = integers ? floats(values, 0, shape.z, pixels) : result;
      cv::sepFilter2D(floats(blurred, 0, shape.z, pixels), to, CV_32F, cv::Mat::ones(1, 1, CV_32F),
                      along_z, {-1, -1}, 0, cv::BORDER_REPLICATE);
      if (integers) to.convertTo(result, result.type());
    } else if (integers) {
      floats(blurred, 0, shape.z, pixels).convertTo(result, result.type());
    }
  };
}

}  // namespace voxelmark::opencv_operations
