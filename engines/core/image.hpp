#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "engines/core/dtype.hpp"
#include "engines/core/shape.hpp"

namespace voxelmark {

/// Distance between neighbouring voxels in µm, per axis.
struct Spacing {
  double x = 1, y = 1, z = 1;
  bool operator==(const Spacing&) const = default;
};

/// Pixels in host memory: contiguous, x fastest, owned; 4096-byte aligned unless an engine
/// allocated them. New pixels hold no particular value.
class Image {
 public:
  Image() = default;
  /// Throws std::bad_alloc where the memory cannot be had.
  Image(Shape shape, DType dtype, Spacing spacing = {});
  /// In page-locked memory, which devices reach by themselves.
  Image(Shape shape, DType dtype, std::shared_ptr<std::byte> page_locked)
      : shape_(shape), dtype_(dtype), page_locked_(true), pixels_(std::move(page_locked)) {}
  Image(Image&&) = default;
  Image& operator=(Image&&) = default;

  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  const Spacing& spacing() const { return spacing_; }
  void set_spacing(const Spacing& spacing) { spacing_ = spacing; }
  std::size_t bytes() const { return static_cast<std::size_t>(shape_.voxels()) * bytes_of(dtype_); }

  std::byte* data() { return pixels_.get(); }
  const std::byte* data() const { return pixels_.get(); }
  bool page_locked() const { return page_locked_; }

  /// All pixels. Throws std::logic_error where T is not the image's type.
  template <class T>
  std::span<T> pixels() {
    require(dtype_of<T>());
    return {reinterpret_cast<T*>(pixels_.get()), static_cast<std::size_t>(shape_.voxels())};
  }
  template <class T>
  std::span<const T> pixels() const {
    require(dtype_of<T>());
    return {reinterpret_cast<const T*>(pixels_.get()), static_cast<std::size_t>(shape_.voxels())};
  }

  Image clone() const;

 private:
  void require(DType type) const;

  Shape shape_{0, 0, 0};
  DType dtype_ = DType::u8;
  Spacing spacing_;
  bool page_locked_ = false;
  std::shared_ptr<std::byte> pixels_;
};

/// Copies a box of voxels between images of one type.
void copy_box(const Image& from, const Index& from_origin, const Shape& extent, Image& to,
              const Index& to_origin);

/// The region's pixels as an image of their own.
Image crop(const Image& image, const Region& region);

/// The pixels in another type, each one rounded half to even and saturated.
Image convert(const Image& image, DType dtype);

/// Smallest and largest finite pixel; both 0 for an image without one.
struct Range {
  double minimum = 0, maximum = 0;
  std::int64_t non_finite = 0;  ///< how many pixels are NaN or infinite
};
Range range_of(const Image& image);

}  // namespace voxelmark
