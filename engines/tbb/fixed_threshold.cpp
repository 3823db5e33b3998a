#include <cmath>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body fixed_threshold(Work& work) {
  const float threshold = work.parameters().number("threshold");
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto mask = [&](const auto& is_set) {
      return pointwise<T, std::uint8_t>(work.input(), work.output(), work.shape(), is_set);
    };
    if constexpr (std::is_integral_v<T>) {
      // Whole numbers reach a threshold where they reach the whole number above it.
      const float level = std::ceil(std::max(threshold, 0.0f));
      if (level <= std::numeric_limits<T>::max())
        return mask([level = static_cast<T>(level)](T a) { return std::uint8_t{a >= level}; });
    }
    return mask(
        [threshold](T a) { return static_cast<std::uint8_t>(static_cast<float>(a) >= threshold); });
  });
}

}  // namespace voxelmark::tbb_operations
