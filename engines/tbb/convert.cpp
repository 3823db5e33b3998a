#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body convert(Work& work) {
  return visit_grey(work.dtype(), [&]<class In>(std::type_identity<In>) {
    return visit_grey(work.output_dtype(), [&]<class Out>(std::type_identity<Out>) {
      return pointwise<In, Out>(work.input(), work.output(), work.shape(),
                                [](In a) { return to_pixel<Out>(static_cast<float>(a)); });
    });
  });
}

}  // namespace voxelmark::tbb_operations
