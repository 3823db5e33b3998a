#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body add_scalar(Work& work) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T>(work.input(), work.output(), work.shape(),
                           [scalar = work.parameters().number("scalar")](T a) {
                             return to_pixel<T>(static_cast<float>(a) + scalar);
                           });
  });
}

}  // namespace voxelmark::tbb_operations
