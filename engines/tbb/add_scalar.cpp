#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body add_scalar(const HostEngine&, const Request& request) {
  return visit(request.output->dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T>(request, [scalar = request.parameters.number("scalar")](T a) {
      return to_pixel<T>(static_cast<float>(a) + scalar);
    });
  });
}

}  // namespace voxelmark::tbb_operations
