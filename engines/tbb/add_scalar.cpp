#include <cmath>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// a + scalar, a whole number, saturated, in the pixels' own type: what lies beyond its range
/// saturates whatever a is. Equals the sum in float32, which is exact up to 2^24.
template <class T>
Body add_whole(Work& work, float scalar) {
  constexpr T highest = std::numeric_limits<T>::max();
  const T amount = to_pixel<T>(std::abs(scalar));
  if (scalar < 0)
    return pointwise<T, T>(work.input(), work.output(), work.shape(),
                           [amount](T a) { return static_cast<T>(std::max(a, amount) - amount); });
  return pointwise<T, T>(work.input(), work.output(), work.shape(),
                         [amount, room = static_cast<T>(highest - amount)](T a) {
                           return static_cast<T>(std::min(a, room) + amount);
                         });
}

}  // namespace

Body add_scalar(Work& work) {
  const float scalar = work.parameters().number("scalar");
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T>)
      if (scalar == std::nearbyint(scalar)) return add_whole<T>(work, scalar);
    return pointwise<T, T>(work.input(), work.output(), work.shape(),
                           [scalar](T a) { return to_pixel<T>(static_cast<float>(a) + scalar); });
  });
}

}  // namespace voxelmark::tbb_operations
