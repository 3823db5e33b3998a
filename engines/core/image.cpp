#include "engines/core/image.hpp"

#include <sys/mman.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include "engines/core/box_copy.hpp"

namespace voxelmark {

namespace {
constexpr std::size_t alignment = 4096, large = std::size_t{16} << 20;
}

Image::Image(Shape shape, DType dtype, Spacing spacing)
    : shape_(shape), dtype_(dtype), spacing_(spacing) {
  const std::size_t padded = (bytes() + alignment - 1) / alignment * alignment;
  auto* const pixels =
      static_cast<std::byte*>(std::aligned_alloc(alignment, std::max(padded, alignment)));
  if (!pixels) throw std::bad_alloc();
  pixels_.reset(pixels, std::free);
#ifdef MADV_HUGEPAGE
  // Fewer page faults at the first touch, and fewer misses of the address translation after it.
  if (padded >= large) madvise(pixels_.get(), padded, MADV_HUGEPAGE);
#endif
}

void Image::require(DType type) const {
  if (type != dtype_)
    throw std::logic_error("an image of type " + to_string(dtype_) + " was read as " +
                           to_string(type));
}

Image Image::clone() const {
  Image copy(shape_, dtype_, spacing_);
  std::memcpy(copy.data(), data(), bytes());
  return copy;
}

void copy_box(const Image& from, const Index& from_origin, const Shape& extent, Image& to,
              const Index& to_origin) {
  if (from.dtype() != to.dtype()) throw std::logic_error("a copy between images of two types");
  copy_box({from.data(), from.shape(), from_origin}, {to.data(), to.shape(), to_origin}, extent,
           bytes_of(from.dtype()));
}

Image crop(const Image& image, const Region& region) {
  Image result(region.extent, image.dtype(), image.spacing());
  copy_box(image, region.origin, region.extent, result, {});
  return result;
}

Image convert(const Image& image, DType dtype) {
  Image result(image.shape(), dtype, image.spacing());
  visit(image.dtype(), [&]<class From>(std::type_identity<From>) {
    visit(dtype, [&]<class To>(std::type_identity<To>) {
      const auto from = image.pixels<From>();
      const auto to = result.pixels<To>();
      tbb::parallel_for(tbb::blocked_range<std::size_t>(0, from.size(), 1 << 16),
                        [&](const auto& r) {
                          for (std::size_t i = r.begin(); i < r.end(); ++i)
                            to[i] = to_pixel<To>(static_cast<double>(from[i]));
                        });
    });
  });
  return result;
}

Range range_of(const Image& image) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Range range = visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = image.pixels<T>();
    return tbb::parallel_reduce(
        tbb::blocked_range<std::size_t>(0, pixels.size(), 1 << 16), Range{infinity, -infinity},
        [&](const auto& r, Range found) {
          for (std::size_t i = r.begin(); i < r.end(); ++i) {
            const double value = static_cast<double>(pixels[i]);
            if (!std::isfinite(value)) {
              ++found.non_finite;
              continue;
            }
            found.minimum = std::min(found.minimum, value);
            found.maximum = std::max(found.maximum, value);
          }
          return found;
        },
        [](const Range& a, const Range& b) {
          return Range{std::min(a.minimum, b.minimum), std::max(a.maximum, b.maximum),
                       a.non_finite + b.non_finite};
        });
  });
  return range.minimum > range.maximum ? Range{0, 0, range.non_finite} : range;
}

}  // namespace voxelmark
