#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body fixed_threshold(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, std::uint8_t>(
        work.input(), work.output(), work.shape(),
        [threshold = work.parameters().number("threshold")](T a) {
          return static_cast<std::uint8_t>(static_cast<float>(a) >= threshold);
        });
  });
}

}  // namespace voxelmark::tbb_operations
