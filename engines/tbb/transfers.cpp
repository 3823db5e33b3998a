#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body copy(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T>(work.input(), work.output(), work.shape(), [](T a) { return a; });
  });
}

}  // namespace voxelmark::tbb_operations
