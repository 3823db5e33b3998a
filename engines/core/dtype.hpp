#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace voxelmark {

/// Pixel types. u8 holds grey levels or masks (0/1), u32 holds labels (background 0), f64 holds
/// tables.
enum class DType { u8, u16, u32, f32, f64 };

std::string to_string(DType type);

/// Parses "u8", "u16", "u32" or "f32", the types of images. Throws BadInput on anything else.
DType parse_dtype(std::string_view text);

/// Calls `f(std::type_identity<T>{})` with the C++ type that `type` names.
template <class F>
decltype(auto) visit(DType type, F&& f) {
  switch (type) {
    case DType::u8:
      return f(std::type_identity<std::uint8_t>{});
    case DType::u16:
      return f(std::type_identity<std::uint16_t>{});
    case DType::u32:
      return f(std::type_identity<std::uint32_t>{});
    case DType::f32:
      return f(std::type_identity<float>{});
    case DType::f64:
      return f(std::type_identity<double>{});
  }
  throw std::logic_error("no such DType");
}

/// The same for the types of grey-level images, which is less to compile. Throws std::logic_error
/// for labels and tables.
template <class F>
decltype(auto) visit_grey(DType type, F&& f) {
  switch (type) {
    case DType::u8:
      return f(std::type_identity<std::uint8_t>{});
    case DType::u16:
      return f(std::type_identity<std::uint16_t>{});
    case DType::f32:
      return f(std::type_identity<float>{});
    default:
      throw std::logic_error("not a type of grey levels");
  }
}

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::u8;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return DType::u16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return DType::u32;
  else if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else {
    static_assert(std::is_same_v<T, double>);
    return DType::f64;
  }
}

inline std::size_t bytes_of(DType type) {
  return visit(type, []<class T>(std::type_identity<T>) { return sizeof(T); });
}

template <class T>
bool is_nan([[maybe_unused]] T value) {
  if constexpr (std::is_floating_point_v<T>)
    return value != value;
  else
    return false;
}

/// Order of pixels with NaN behind every number: an order that the standard's algorithms can take.
struct NanLast {
  template <class T>
  bool operator()(T a, T b) const {
    return (a < b) | (is_nan(b) & !is_nan(a));
  }
};

/// A computed value as a pixel: integers are rounded half to even and saturated, NaN becomes 0.
template <class T, class F>
T to_pixel(F value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    constexpr F highest = static_cast<F>(std::numeric_limits<T>::max());
    constexpr F shift = F{1} / std::numeric_limits<F>::epsilon();
    const F positive = value > F{0} ? value : F{0};
    if constexpr (highest < shift) {
      // Without branches: the sum's last bits are the value, rounded, and its bits grow as the
      // value does.
      using Bits = std::conditional_t<sizeof(F) == 4, std::uint32_t, std::uint64_t>;
      return static_cast<T>(
          std::min(std::bit_cast<Bits>(positive + shift), std::bit_cast<Bits>(highest + shift)));
    } else {
      return positive >= highest ? std::numeric_limits<T>::max()
                                 : static_cast<T>(std::nearbyint(positive));
    }
  }
}

}  // namespace voxelmark
