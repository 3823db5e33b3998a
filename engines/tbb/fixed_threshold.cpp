#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body fixed_threshold(const HostEngine&, const Request& request) {
  return visit(request.inputs[0]->dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, std::uint8_t>(
        request, [threshold = request.parameters.number("threshold")](T a) {
          return static_cast<std::uint8_t>(static_cast<float>(a) >= threshold);
        });
  });
}

}  // namespace voxelmark::tbb_operations
