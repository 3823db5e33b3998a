#include "engines/opencv/opencv_operations.hpp"

#include <limits>
#include <map>

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
  static const std::map<std::string, Make<M>> families{
#define VOXELMARK_FAMILY(family, function) {#family, function<M>},
#include "engines/opencv/families.def"
  };
  const auto found = families.find(family);
  return found == families.end() ? nullptr : found->second;
}

template Make<cv::Mat> find<cv::Mat>(const std::string&);
template Make<cv::UMat> find<cv::UMat>(const std::string&);

}  // namespace voxelmark::opencv_operations
