#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body maximum_z_projection(Work& work) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [input = work.input(), output = work.output(), plane = work.output_shape().voxels(),
            depth = work.shape().z] {
      const T* from = input.as<T>();
      T* to = output.as<T>();
      // One task's part of the output stays in the first-level cache over all slices.
      constexpr std::int64_t block = 4096;
      tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, plane, block), [=](const auto& range) {
        T* const result = to + range.begin();
        const std::int64_t count = range.end() - range.begin();
        std::copy_n(from + range.begin(), count, result);
        for (std::int64_t z = 1; z < depth; ++z) {
          const T* const slice = from + z * plane + range.begin();
          for (std::int64_t i = 0; i < count; ++i) {
            const T best = result[i];
            result[i] = (slice[i] > best) | is_nan(best) ? slice[i] : best;
          }
        }
      });
    };
  });
}

}  // namespace voxelmark::tbb_operations
