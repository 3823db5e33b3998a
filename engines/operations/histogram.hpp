#pragma once
#include <algorithm>
#include <limits>

#include "engines/core/operation.hpp"

namespace voxelmark {

/// Bins of equal width over the range of an image's values.
struct Binning {
  int bins = 256;
  float lowest = 0, scale = 1;

  Binning(int count, double minimum, double maximum) : bins(count) {
    lowest = static_cast<float>(minimum);
    constexpr double most = static_cast<double>(std::numeric_limits<float>::max());
    scale =
        maximum > minimum ? static_cast<float>(std::min(most, count / (maximum - minimum))) : 0.0f;
  }

  /// Of a value that is not below the lowest. The same float32 steps on every engine.
  int bin(float value) const {
    const float position = (value - lowest) * scale;
    return position < static_cast<float>(bins) ? static_cast<int>(position) : bins - 1;
  }
};

/// The lower edge of a bin, in double precision.
inline double lower_edge(int bin, int bins, double minimum, double maximum) {
  return minimum + bin * ((maximum - minimum) / bins);
}

inline Operation histogram(int dims) {
  return {
      .name = operation_name("Histogram", dims),
      .family = "Histogram",
      .dims = dims,
      .kind = Kind::reduction,
      .definition =
          "How many voxels fall into each of `bins` bins of equal width between the image's least "
          "and greatest value, lo and hi; the last bin holds hi too. One row a bin: its lower edge "
          "lo + i ((hi - lo) / bins), in double precision, and its count. A voxel's bin is decided "
          "in float32, operation by operation: scale is bins / (hi - lo), divided in double "
          "precision, limited to the largest float32 and then rounded to float32 (0 where hi = "
          "lo); p = (v - lo) scale, without contraction; the bin is the whole part of p where p < "
          "bins, else the last one.",
      .tolerance_rule = tolerances::exact_rule,
      .parameters = {{.name = "bins",
                      .default_value = 256.0f,
                      .minimum = 1,
                      .maximum = 65536,
                      .whole = true,
                      .description = "how many bins"}},
      .columns = {"lower", "count"},
      .rows = [](const Parameters& parameters,
                 std::int64_t) { return static_cast<std::int64_t>(parameters.number("bins")); },
      .flops_per_voxel = [](const Parameters&) { return 3.0; },
  };
}

}  // namespace voxelmark
