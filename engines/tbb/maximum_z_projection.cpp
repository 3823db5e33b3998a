#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body maximum_z_projection(const HostEngine&, const Request& request) {
  return visit(request.output->dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [input = request.inputs[0], output = request.output] {
      const T* from = host(input).pixels<T>();
      T* to = host(output).pixels<T>();
      const std::int64_t plane = output->shape().voxels(), depth = input->shape().z;
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
