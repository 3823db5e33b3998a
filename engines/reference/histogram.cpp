#include "engines/operations/histogram.hpp"

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void histogram(const Job& job, Image& output) {
  const int bins = static_cast<int>(job.parameters.number("bins"));
  const auto [minimum, maximum] = extrema(job.input());
  const Binning binning(bins, minimum, maximum);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(bins), 0);
  visit_grey(job.input().dtype(), [&]<class T>(std::type_identity<T>) {
    for (const T value : job.input().pixels<T>()) ++counts[binning.bin(static_cast<float>(value))];
  });
  double* row = output.pixels<double>().data();
  for (int i = 0; i < bins; ++i, row += 2) {
    row[0] = lower_edge(i, bins, minimum, maximum);
    row[1] = static_cast<double>(counts[i]);
  }
}

}  // namespace voxelmark::reference
