#pragma once
#include <opencv2/core.hpp>

#include "engines/core/host_engine.hpp"
#include "engines/operations/window.hpp"

namespace voxelmark::opencv_operations {

/// The nearest pixel inside, of the matrix that is given and not of one that it is a part of.
inline constexpr int edge_border = cv::BORDER_REPLICATE | cv::BORDER_ISOLATED;

/// OpenCV's type of one channel. Labels (u32) lie in its signed 32-bit matrices.
int mat_type(DType dtype);

/// Pixels of the engine that works on cv::UMat; any shape as the matrix of all rows.
class UMatBuffer final : public Buffer {
 public:
  UMatBuffer(Shape shape, DType dtype, std::shared_ptr<MemoryMeter> meter);
  ~UMatBuffer() override;
  const cv::UMat& matrix() const { return matrix_; }

 private:
  cv::UMat matrix_;
  std::shared_ptr<MemoryMeter> meter_;
};

/// Scratch of the plans on cv::UMat. A slot is a matrix a shape and type, since a view of another
/// type over the same memory cannot be had: its memory is the sum over these.
class UMatArena final : public Arena {
 public:
  explicit UMatArena(std::shared_ptr<MemoryMeter> meter) : meter_(std::move(meter)) {}
  std::shared_ptr<UMatBuffer> slot(std::size_t number, const Shape& shape, DType dtype);
  void fill(Stream& stream, std::uint8_t byte) override;
  std::vector<std::shared_ptr<UMatBuffer>> all() const;

 private:
  std::vector<std::vector<std::shared_ptr<UMatBuffer>>> slots_;
  std::shared_ptr<MemoryMeter> meter_;
};

/// An image as matrices over the same memory, for both kinds of matrix: M is cv::Mat or cv::UMat.
/// Ask for them when running: memory moves.
template <class M>
class Pixels {
 public:
  using Rows = std::function<M()>;
  Pixels(Rows rows, const Shape& shape) : rows_(std::move(rows)), shape_(shape) {}

  const Shape& shape() const { return shape_; }
  /// All rows, z by z: x columns, y·z rows.
  M all_rows() const { return rows_(); }
  /// One slice: x columns, y rows. Of a cv::UMat it is a part of the whole, beyond which filters
  /// look unless told not to: see edge_border.
  M slice(std::int64_t z) const {
    M part = rows_().rowRange(static_cast<int>(z * shape_.y), static_cast<int>((z + 1) * shape_.y));
    if constexpr (std::is_same_v<M, cv::Mat>)
      part = cv::Mat(part.rows, part.cols, part.type(), part.data);
    return part;
  }
  /// One slice a row: x·y columns, z rows, so that an operation along columns is one along z.
  M slices_as_rows() const { return rows_().reshape(0, static_cast<int>(shape_.z)); }

 private:
  Rows rows_;
  Shape shape_;
};

/// A plan in the making: its request, and scratch images.
template <class M>
class Work : public RequestView {
 public:
  using RequestView::RequestView;

  Pixels<M> input(std::size_t i = 0) const { return pixels(request_.inputs[i]); }
  Pixels<M> output() const { return pixels(request_.output); }
  Pixels<M> scratch(const Shape& shape, DType dtype);

 private:
  static Pixels<M> pixels(const std::shared_ptr<Buffer>& buffer);

  std::size_t slots_ = 0;
};

/// What runs when a plan is enqueued, or why OpenCV cannot do it.
using Body = std::variant<std::function<void()>, Skip>;

/// One function per family: takes its intermediate images now, gives what is to run later.
template <class M>
using Make = Body (*)(Work<M>& work);

/// The function of a family; null where OpenCV has none.
template <class M>
Make<M> find(const std::string& family);

/// Why OpenCV cannot hold an image of this shape, if it cannot.
std::optional<Skip> too_large(const Shape& shape);

// Each is instantiated for both kinds of matrix.
#define VOXELMARK_FAMILY(family, function) \
  template <class M>                       \
  Body function(Work<M>&);
#include "engines/opencv/families.def"

/// Instantiates a family's function for both kinds of matrix.
#define VOXELMARK_FOR_BOTH_MATRICES(function) \
  template Body function(Work<cv::Mat>&);     \
  template Body function(Work<cv::UMat>&)

/// Steps that compositions share.

/// A Gaussian blur; see GaussianBlur. `to` may have another type than `from`.
template <class M>
std::function<void()> blur(Work<M>&, const Pixels<M>& from, DType from_type, const Pixels<M>& to,
                           DType to_type, const PerAxis& sigma);

/// The window's smallest or largest value, both images of `type`; see Minimum and Maximum.
template <class M>
std::function<void()> extreme(Work<M>&, Extreme which, const Pixels<M>& from, const Pixels<M>& to,
                              DType type, const Window& window);

}  // namespace voxelmark::opencv_operations
