#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body flip(const HostEngine&, const Request& request) {
  return visit(request.output->dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [input = request.inputs[0], output = request.output,
            axis = request.parameters.choice("axis")] {
      const Shape& shape = output->shape();
      const T* from = host(input).pixels<T>();
      T* to = host(output).pixels<T>();
      for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
        const T* row = from + offset(shape, 0, axis == "y" ? shape.y - 1 - y : y,
                                     axis == "z" ? shape.z - 1 - z : z);
        T* result = to + offset(shape, 0, y, z);
        if (axis == "x")
          std::reverse_copy(row, row + shape.x, result);
        else
          std::copy_n(row, shape.x, result);
      });
    };
  });
}

}  // namespace voxelmark::tbb_operations
