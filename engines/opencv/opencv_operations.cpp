#include "engines/opencv/opencv_operations.hpp"

#include <limits>
#include <utility>

namespace voxelmark::opencv_operations {

int mat_type(DType dtype) {
  switch (dtype) {
    case DType::u8:
      return CV_8UC1;
    case DType::u16:
      return CV_16UC1;
    case DType::u32:
      return CV_32SC1;
    case DType::f32:
      return CV_32FC1;
    case DType::f64:
      return CV_64FC1;
  }
  throw std::logic_error("no such DType");
}

std::optional<Skip> too_large(const Shape& shape) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  if (shape.x * shape.y > most || shape.y * shape.z > most)
    return Skip{"OpenCV counts rows and columns in 32 bits; the image has more"};
  return std::nullopt;
}

namespace {

int rows_of(const Shape& shape) { return static_cast<int>(shape.y * shape.z); }
int columns_of(const Shape& shape) { return static_cast<int>(shape.x); }

}  // namespace

UMatBuffer::UMatBuffer(Shape shape, DType dtype, std::shared_ptr<MemoryMeter> meter)
    : Buffer(shape, dtype),
      matrix_(rows_of(shape), columns_of(shape), mat_type(dtype)),
      meter_(std::move(meter)) {
  meter_->add(bytes());
}

UMatBuffer::~UMatBuffer() { meter_->remove(bytes()); }

std::shared_ptr<UMatBuffer> UMatArena::slot(std::size_t number, const Shape& shape, DType dtype) {
  if (slots_.size() <= number) slots_.resize(number + 1);
  for (const auto& buffer : slots_[number])
    if (buffer->shape() == shape && buffer->dtype() == dtype) return buffer;
  return slots_[number].emplace_back(std::make_shared<UMatBuffer>(shape, dtype, meter_));
}

std::vector<std::shared_ptr<UMatBuffer>> UMatArena::all() const {
  std::vector<std::shared_ptr<UMatBuffer>> buffers;
  for (const auto& slot : slots_) buffers.insert(buffers.end(), slot.begin(), slot.end());
  return buffers;
}

void UMatArena::fill(Stream& stream, std::uint8_t byte) {
  for (const auto& buffer : all()) stream.fill(*buffer, byte);
}

template <>
Pixels<cv::Mat> Work<cv::Mat>::pixels(const std::shared_ptr<Buffer>& buffer) {
  return {[buffer] {
            Image& image = host(buffer).image();
            return cv::Mat(rows_of(image.shape()), columns_of(image.shape()),
                           mat_type(image.dtype()), image.data());
          },
          buffer->shape()};
}

template <>
Pixels<cv::UMat> Work<cv::UMat>::pixels(const std::shared_ptr<Buffer>& buffer) {
  return {[buffer] { return static_cast<const UMatBuffer&>(*buffer).matrix(); }, buffer->shape()};
}

template <>
Pixels<cv::Mat> Work<cv::Mat>::scratch(const Shape& shape, DType dtype) {
  const auto slot = static_cast<HostArena&>(request_.arena)
                        .slot(slots_++, static_cast<std::size_t>(shape.voxels()) * bytes_of(dtype));
  return {[=] {
            return cv::Mat(rows_of(shape), columns_of(shape), mat_type(dtype),
                           slot->pixels<std::byte>());
          },
          shape};
}

template <>
Pixels<cv::UMat> Work<cv::UMat>::scratch(const Shape& shape, DType dtype) {
  return pixels(static_cast<UMatArena&>(request_.arena).slot(slots_++, shape, dtype));
}

template <class M>
Make<M> find(const std::string& family) {
  static const std::vector<std::pair<std::string, Make<M>>> table{
      {"AbsoluteDifference", absolute_difference<M>},
      {"AddImagesWeighted", add_images_weighted<M>},
      {"AddScalar", add_scalar<M>},
      {"AffineTransform", affine_transform<M>},
      {"AutoThreshold", auto_threshold<M>},
      {"BinaryAnd", binary_and<M>},
      {"BottomHat", bottom_hat<M>},
      {"ConnectedComponents", connected_components<M>},
      {"Convert", convert<M>},
      {"Copy", copy<M>},
      {"Crop", crop<M>},
      {"DifferenceOfGaussian", difference_of_gaussian<M>},
      {"Dilate", dilate<M>},
      {"DivideByGaussianBackground", divide_by_gaussian_background<M>},
      {"Erode", erode<M>},
      {"FixedThreshold", fixed_threshold<M>},
      {"Flip", flip<M>},
      {"GaussianBlur", gaussian_blur<M>},
      {"Histogram", histogram<M>},
      {"Maximum", maximum<M>},
      {"MaximumOfAllPixels", maximum_of_all_pixels<M>},
      {"MaximumXProjection", maximum_x_projection<M>},
      {"MaximumYProjection", maximum_y_projection<M>},
      {"MaximumZProjection", maximum_z_projection<M>},
      {"Mean", mean<M>},
      {"MeanOfAllPixels", mean_of_all_pixels<M>},
      {"MeanZProjection", mean_z_projection<M>},
      {"Median", median<M>},
      {"Minimum", minimum<M>},
      {"MinimumOfAllPixels", minimum_of_all_pixels<M>},
      {"MinimumZProjection", minimum_z_projection<M>},
      {"MultiplyScalar", multiply_scalar<M>},
      {"Pull", pull<M>},
      {"Push", push<M>},
      {"Resample", resample<M>},
      {"Reslice", reslice<M>},
      {"Rotate", rotate<M>},
      {"RotateAngle", rotate_angle<M>},
      {"Scale", scale<M>},
      {"SquaredDifference", squared_difference<M>},
      {"StandardDeviationOfAllPixels", standard_deviation_of_all_pixels<M>},
      {"SubtractGaussianBackground", subtract_gaussian_background<M>},
      {"SumOfAllPixels", sum_of_all_pixels<M>},
      {"SumZProjection", sum_z_projection<M>},
      {"TopHat", top_hat<M>},
      {"Translate", translate<M>},
  };
  for (const auto& [name, make] : table)
    if (name == family) return make;
  return nullptr;
}

template Make<cv::Mat> find<cv::Mat>(const std::string&);
template Make<cv::UMat> find<cv::UMat>(const std::string&);

}  // namespace voxelmark::opencv_operations
