#pragma once
#include <string>
#include <utility>

#include "engines/core/operation.hpp"

namespace voxelmark {

/// What the operations that reduce an image to one number share.
inline Operation all_pixels(const std::string& family, int dims, std::string column,
                            std::string definition) {
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::reduction,
      .definition = std::move(definition),
      .tolerance_rule = tolerances::table_rule,
      .columns = {std::move(column)},
      .tolerance = [](const Parameters&, DType, const Range&,
                      const Shape&) { return tolerances::table(); },
      .flops_per_voxel = [](const Parameters&) { return 1.0; },
  };
}

inline Operation sum_of_all_pixels(int dims) {
  return all_pixels("SumOfAllPixels", dims, "sum",
                    "The sum of all voxels, a table of one cell. Integers are added exactly, in 64 "
                    "bits; float32 in double precision, by parts that are joined pairwise.");
}

inline Operation mean_of_all_pixels(int dims) {
  return all_pixels("MeanOfAllPixels", dims, "mean",
                    "The sum of all voxels, see SumOfAllPixels, divided by their count.");
}

inline Operation standard_deviation_of_all_pixels(int dims) {
  Operation operation = all_pixels(
      "StandardDeviationOfAllPixels", dims, "standard deviation",
      "The root of the mean squared deviation of the voxels from their mean: divided by their "
      "count n, not by n - 1. In two passes: the mean m first, then the sums of d = v - m and of "
      "d^2; the variance is (sum d^2 - (sum d)^2 / n) / n, which takes back the mean's rounding.");
  operation.flops_per_voxel = [](const Parameters&) { return 5.0; };
  return operation;
}

/// Minimum and maximum are exact and ignore NaN.
inline Operation extremum_of_all_pixels(const std::string& family, int dims, std::string column,
                                        const std::string& which) {
  Operation operation =
      all_pixels(family, dims, std::move(column),
                 "The " + which +
                     " of all voxels, a table of one cell. NaN counts only where all voxels are "
                     "NaN.");
  operation.tolerance_rule = tolerances::exact_rule;
  operation.takes_non_finite = true;
  operation.tolerance = [](const Parameters&, DType, const Range&, const Shape&) {
    return Tolerance{0, 0};
  };
  return operation;
}

inline Operation minimum_of_all_pixels(int dims) {
  return extremum_of_all_pixels("MinimumOfAllPixels", dims, "minimum", "least");
}

inline Operation maximum_of_all_pixels(int dims) {
  return extremum_of_all_pixels("MaximumOfAllPixels", dims, "maximum", "greatest");
}

}  // namespace voxelmark
