#include "engines/operations/histogram.hpp"

#include "engines/tbb/reductions.hpp"

namespace voxelmark::tbb_operations {

Body histogram(Work& work) {
  const int bins = static_cast<int>(work.parameters().number("bins")), threads = work.threads();
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [=, input = work.input(), output = work.output(), voxels = work.shape().voxels(),
            tables = work.scratch(histogram_bytes(threads, bins))] {
      const T* from = input.as<T>();
      const auto [least, greatest] = range(from, voxels);
      const auto lowest = static_cast<double>(least), highest = static_cast<double>(greatest);
      const Binning binning(bins, lowest, highest);
      const std::uint64_t* counts =
          histogram(from, voxels, bins, threads, tables.scratch<std::uint64_t>(),
                    [=](T value) { return binning.bin(static_cast<float>(value)); });
      double* row = output.as<double>();
      for (int i = 0; i < bins; ++i, row += 2) {
        row[0] = lower_edge(i, bins, lowest, highest);
        row[1] = static_cast<double>(counts[i]);
      }
    };
  });
}

}  // namespace voxelmark::tbb_operations
