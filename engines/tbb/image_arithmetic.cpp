#include <cmath>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

bool is_whole(float value) { return value == std::nearbyint(value); }

}  // namespace

Body multiply_scalar(Work& work) {
  const float scalar = work.parameters().number("scalar");
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) {
    const auto multiply = [&](const auto& f) {
      return pointwise<T, T>(work.input(), work.output(), work.shape(), f);
    };
    // Products of bytes and whole numbers that fit in 16 bits are the same without conversions.
    if constexpr (sizeof(T) == 1)
      if (is_whole(scalar) && scalar >= 0 && scalar <= 255)
        return multiply([factor = static_cast<std::uint16_t>(scalar)](T a) {
          const auto product = static_cast<std::uint16_t>(a * factor);
          return static_cast<T>(std::min<std::uint16_t>(product, 255));
        });
    return multiply([scalar](T a) { return to_pixel<T>(static_cast<float>(a) * scalar); });
  });
}

Body add_images_weighted(Work& work) {
  const float factor1 = work.parameters().number("factor1");
  const float factor2 = work.parameters().number("factor2");
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) {
    const auto add = [&](const auto& f) {
      return pointwise<T, T, T>(work.input(0), work.input(1), work.output(), work.shape(), f);
    };
    if constexpr (sizeof(T) == 1)
      if (is_whole(factor1) && is_whole(factor2) && std::abs(factor1) + std::abs(factor2) <= 128)
        return add([whole1 = static_cast<std::int16_t>(factor1),
                    whole2 = static_cast<std::int16_t>(factor2)](T a, T b) {
          const auto sum = static_cast<std::int16_t>(a * whole1 + b * whole2);
          return static_cast<T>(std::clamp<std::int16_t>(sum, 0, 255));
        });
    return add([=](T a, T b) {
      return to_pixel<T>(static_cast<float>(a) * factor1 + static_cast<float>(b) * factor2);
    });
  });
}

Body binary_and(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, std::uint8_t>(
        work.input(0), work.input(1), work.output(), work.shape(),
        [](T a, T b) { return static_cast<std::uint8_t>((a != 0) & (b != 0)); });
  });
}

Body absolute_difference(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, T>(work.input(0), work.input(1), work.output(), work.shape(),
                              [](T a, T b) { return static_cast<T>(a < b ? b - a : a - b); });
  });
}

Body squared_difference(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, float>(work.input(0), work.input(1), work.output(), work.shape(),
                                  [](T a, T b) {
                                    const float d = static_cast<float>(a) - static_cast<float>(b);
                                    return d * d;
                                  });
  });
}

}  // namespace voxelmark::tbb_operations
