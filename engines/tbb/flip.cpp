#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body flip(Work& work) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [input = work.input(), output = work.output(), shape = work.shape(),
            axis = work.parameters().choice("axis")] {
      const T* from = input.as<T>();
      T* to = output.as<T>();
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
