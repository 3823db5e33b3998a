#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engines/core/operation.hpp"

// Measurements of labels. Sums of coordinates and of their products are 64-bit integers and so
// exact in any order; kernels/label_statistics.cl holds the same steps from them to a row.

namespace voxelmark {

/// Exact sums over a label's voxels, modulo 2^64, and its bounding box.
struct LabelSums {
  std::uint64_t count = 0;
  std::array<std::uint64_t, 3> first{};     ///< of x, y, z
  std::array<std::uint64_t, 6> products{};  ///< of xx, yy, zz, xy, xz, yz
  std::array<std::int64_t, 3> low{std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::max()};
  std::array<std::int64_t, 3> high{-1, -1, -1};

  bool present() const { return count > 0; }

  /// The sums of the voxels x … x + n - 1 of the row at (y, z).
  static LabelSums run(std::int64_t x, std::int64_t n, std::int64_t y, std::int64_t z) {
    LabelSums sums;
    const auto u = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    const std::uint64_t count = u(n), sum_x = u((2 * x + n - 1) * n / 2);
    std::uint64_t sum_xx = 0;
    for (std::int64_t i = x; i < x + n; ++i) sum_xx += u(i) * u(i);
    sums.count = count;
    sums.first = {sum_x, count * u(y), count * u(z)};
    sums.products = {sum_xx,       count * u(y) * u(y), count * u(z) * u(z),
                     sum_x * u(y), sum_x * u(z),        count * u(y) * u(z)};
    sums.low = {x, y, z};
    sums.high = {x + n - 1, y, z};
    return sums;
  }
};

/// The places of two axes in LabelSums::products.
inline constexpr std::array<std::array<int, 3>, 3> product_of{{{0, 3, 4}, {3, 1, 5}, {4, 5, 2}}};

/// Eigenvalues of a symmetric matrix by Jacobi's rotations, in falling order, none below 0.
inline std::array<double, 3> eigenvalues(std::array<std::array<double, 3>, 3> a) {
  constexpr std::array<std::array<int, 3>, 3> pairs{{{0, 1, 2}, {0, 2, 1}, {1, 2, 0}}};
  for (int sweep = 0; sweep < 12; ++sweep)
    for (const auto& [p, q, r] : pairs) {
      if (a[p][q] == 0) continue;
      const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
      const double size = std::abs(theta) + std::sqrt(theta * theta + 1);
      const double t = theta < 0 ? -1 / size : 1 / size;
      const double c = 1 / std::sqrt(t * t + 1), s = t * c;
      const double rp = a[r][p], rq = a[r][q];
      a[p][p] -= t * a[p][q];
      a[q][q] += t * a[p][q];
      a[p][q] = a[q][p] = 0;
      a[r][p] = a[p][r] = c * rp - s * rq;
      a[r][q] = a[q][r] = s * rp + c * rq;
    }
  std::array<double, 3> values{a[0][0], a[1][1], a[2][2]};
  for (double& value : values) value = value > 0 ? value : 0;
  if (values[0] < values[1]) std::swap(values[0], values[1]);
  if (values[1] < values[2]) std::swap(values[1], values[2]);
  if (values[0] < values[1]) std::swap(values[0], values[1]);
  return values;
}

struct LabelGeometry {
  std::array<double, 3> centroid{};
  double major_axis = 0, minor_axis = 0;
};

/// Of a label that is present, in voxels.
inline LabelGeometry label_geometry(const LabelSums& sums, int dims) {
  LabelGeometry geometry;
  const double n = static_cast<double>(sums.count);
  // From the box's corner on, which keeps the integers small; modulo 2^64 that is exact.
  std::array<std::uint64_t, 3> corner{}, first{};
  std::array<double, 3> mean{};
  for (int i = 0; i < 3; ++i) {
    corner[i] = static_cast<std::uint64_t>(sums.low[i]);
    first[i] = sums.first[i] - sums.count * corner[i];
    mean[i] = static_cast<double>(first[i]) / n;
    geometry.centroid[i] = static_cast<double>(sums.low[i]) + mean[i];
  }
  std::array<std::array<double, 3>, 3> covariance{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      const std::uint64_t product = sums.products[product_of[i][j]] - corner[i] * sums.first[j] -
                                    corner[j] * sums.first[i] + corner[i] * corner[j] * sums.count;
      covariance[i][j] = static_cast<double>(product) / n - mean[i] * mean[j];
    }
  const auto values = eigenvalues(covariance);
  geometry.major_axis = dims == 2 ? 4 * std::sqrt(values[0]) : std::sqrt(20 * values[0]);
  geometry.minor_axis = dims == 2 ? 4 * std::sqrt(values[1]) : std::sqrt(20 * values[2]);
  return geometry;
}

/// Grey levels of a label's voxels.
struct LabelIntensity {
  double sum = 0, minimum = 0, maximum = 0;
};

inline constexpr double absent = std::numeric_limits<double>::quiet_NaN();

/// The columns of Centroids: label, x, y, z.
inline std::array<double, 4> centroid_row(std::int64_t label, const LabelSums& sums) {
  std::array<double, 4> row{static_cast<double>(label), absent, absent, absent};
  if (sums.present())
    for (int i = 0; i < 3; ++i)
      row[i + 1] = static_cast<double>(sums.low[i]) +
                   static_cast<double>(sums.first[i] -
                                       sums.count * static_cast<std::uint64_t>(sums.low[i])) /
                       static_cast<double>(sums.count);
  return row;
}

inline const std::vector<std::string> label_statistics_columns{
    "label",   "voxels",  "x",      "y",          "z",         "first x",
    "first y", "first z", "last x", "last y",     "last z",    "mean",
    "minimum", "maximum", "sum",    "major axis", "minor axis"};

/// The columns of LabelStatistics.
inline std::array<double, 17> label_statistics_row(std::int64_t label, const LabelSums& sums,
                                                   const LabelIntensity& intensity, int dims) {
  std::array<double, 17> row;
  row.fill(absent);
  row[0] = static_cast<double>(label);
  row[1] = static_cast<double>(sums.count);
  if (!sums.present()) return row;
  const LabelGeometry geometry = label_geometry(sums, dims);
  for (int i = 0; i < 3; ++i) {
    row[2 + i] = geometry.centroid[i];
    row[5 + i] = static_cast<double>(sums.low[i]);
    row[8 + i] = static_cast<double>(sums.high[i]);
  }
  row[11] = intensity.sum / row[1];
  row[12] = intensity.minimum;
  row[13] = intensity.maximum;
  row[14] = intensity.sum;
  row[15] = geometry.major_axis;
  row[16] = geometry.minor_axis;
  return row;
}

inline Operation count_labels(int dims) {
  return {
      .name = operation_name("CountLabels", dims),
      .family = "CountLabels",
      .dims = dims,
      .kind = Kind::reduction,
      .definition = "How many different labels other than 0 the image has; a table of one cell.",
      .tolerance_rule = tolerances::exact_rule,
      .inputs = {Role::labels},
      .dtypes = {DType::u32},
      .columns = {"count"},
  };
}

inline Operation label_table(const std::string& family, int dims) {
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::reduction,
      .definition = "",
      .tolerance_rule = tolerances::table_rule,
      .rows = [](const Parameters&, std::int64_t largest_label) { return largest_label; },
      .tolerance = [](const Parameters&, DType, const Range&,
                      const Shape&) { return tolerances::table(); },
  };
}

inline Operation centroids(int dims) {
  Operation operation = label_table("Centroids", dims);
  operation.definition =
      "One row for each label from 1 to the largest: its number and the mean x, y and z of its "
      "voxels, counted from 0, in voxels. NaN for the position of a label that no voxel has. "
      "Without any label the table is the row of label 1.";
  operation.inputs = {Role::labels};
  operation.dtypes = {DType::u32};
  operation.columns = {"label", "x", "y", "z"};
  operation.flops_per_voxel = [](const Parameters&) { return 3.0; };
  return operation;
}

inline Operation label_statistics(int dims) {
  Operation operation = label_table("LabelStatistics", dims);
  operation.definition =
      "One row for each label from 1 to the largest: its number; its count of voxels; the mean x, "
      "y, z of these; the least and the greatest x, y, z, both inside; mean, least, greatest and "
      "summed grey level in the image; the lengths of the major and the minor axis of the ellipse "
      "(ellipsoid in 3D) with the same second moments: with c1 >= c2 (>= c3) the eigenvalues of "
      "the covariance matrix of the voxels' coordinates (divided by the count, voxels as points), "
      "4 sqrt(c1) and 4 sqrt(c2) in 2D, sqrt(20 c1) and sqrt(20 c3) in 3D. All in voxels. Of a "
      "label that no voxel has, the count is 0 and the rest NaN. Without any label the table is "
      "the "
      "row of label 1. "
      "Sums of integers are exact, those of float32 in double precision.";
  operation.inputs = {Role::image, Role::labels};
  operation.columns = label_statistics_columns;
  operation.flops_per_voxel = [](const Parameters&) { return 16.0; };
  return operation;
}

inline Operation exclude_labels(const std::string& family, int dims, const std::string& which) {
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::global,
      .definition = "Labels " + which +
                    " become 0; the others are numbered anew, from 1 on without gaps, in the order "
                    "of their old numbers.",
      .tolerance_rule = tolerances::exact_rule,
      .inputs = {Role::labels},
      .dtypes = {DType::u32},
      .output_dtype = [](const Parameters&, DType) { return DType::u32; },
  };
}

inline Operation exclude_labels_on_edges(int dims) {
  return exclude_labels("ExcludeLabelsOnEdges", dims,
                        std::string("that have a voxel at the image's border (the first or last x "
                                    "or y") +
                            (dims == 3 ? ", or z; of a single slice that is every voxel)" : ")"));
}

inline Operation exclude_labels_outside_size_range(int dims) {
  Operation operation =
      exclude_labels("ExcludeLabelsOutsideSizeRange", dims,
                     "of fewer voxels than minimum_size or of more than maximum_size");
  const auto size = [](const std::string& name, float value, const std::string& description) {
    return ParameterSpec{.name = name,
                         .default_value = value,
                         .minimum = 0,
                         .maximum = 1e15f,
                         .whole = true,
                         .description = description};
  };
  operation.parameters = {size("minimum_size", 100, "the fewest voxels of a label that stays"),
                          size("maximum_size", 1e15f, "the most voxels of a label that stays")};
  return operation;
}

inline Operation exclude_labels_outside_mean_range(int dims) {
  Operation operation = exclude_labels(
      "ExcludeLabelsOutsideMeanRange", dims,
      "whose voxels' mean in the image (their sum divided by their count, in double precision) is "
      "below `minimum` or above `maximum`");
  operation.inputs = {Role::image, Role::labels};
  operation.dtypes = {DType::u8, DType::u16, DType::f32};
  const auto mean = [](const std::string& name, float value, const std::string& description) {
    return ParameterSpec{.name = name,
                         .default_value = value,
                         .minimum = -1e30f,
                         .maximum = 1e30f,
                         .description = description};
  };
  operation.parameters = {
      mean("minimum", 20, "the least mean of a label that stays, grey levels"),
      mean("maximum", 1e30f, "the greatest mean of a label that stays, grey levels")};
  operation.flops_per_voxel = [](const Parameters&) { return 1.0; };
  return operation;
}

}  // namespace voxelmark
