#include "validate/object_measurements.hpp"

#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <type_traits>

#include "engines/core/error.hpp"
#include "validate/calipers.hpp"

namespace voxelmark {

namespace {

__extension__ typedef __int128 Wide;

/// Neighbouring voxels of one label in a row.
struct Run {
  std::uint32_t label, length;
  std::int64_t offset;  ///< of the first voxel in the image
};

/// The runs of one row, from left to right.
template <class F>
void for_each_run(const std::uint32_t* row, std::int64_t length, F f) {
  for (std::int64_t x = 0; x < length;) {
    const std::int64_t first = x;
    while (++x < length && row[x] == row[first]) {
    }
    if (row[first] != 0) f(row[first], first, x - first);
  }
}

/// The runs of all labels, by label and then in the order of the image.
std::vector<Run> find_runs(const Image& labels) {
  const Shape& shape = labels.shape();
  const std::uint32_t* pixels = labels.pixels<std::uint32_t>().data();
  const std::int64_t rows = shape.y * shape.z, blocks = std::min<std::int64_t>(rows, 1024);
  const auto in_block = [&](std::int64_t block, auto f) {
    for (std::int64_t row = block * rows / blocks; row < (block + 1) * rows / blocks; ++row)
      for_each_run(pixels + row * shape.x, shape.x,
                   [&](std::uint32_t label, std::int64_t x, std::int64_t length) {
                     f(Run{label, static_cast<std::uint32_t>(length), row * shape.x + x});
                   });
  };
  // Counted first: growing vectors would take up to twice the memory.
  std::vector<std::size_t> start(blocks + 1);
  tbb::parallel_for(std::int64_t{0}, blocks, [&](std::int64_t block) {
    std::size_t count = 0;
    in_block(block, [&](const Run&) { ++count; });
    start[block + 1] = count;
  });
  for (std::int64_t block = 0; block < blocks; ++block) start[block + 1] += start[block];
  std::vector<Run> runs(start[blocks]);
  tbb::parallel_for(std::int64_t{0}, blocks, [&](std::int64_t block) {
    std::size_t next = start[block];
    in_block(block, [&](const Run& run) { runs[next++] = run; });
  });
  tbb::parallel_sort(runs, [](const Run& a, const Run& b) {
    return a.label != b.label ? a.label < b.label : a.offset < b.offset;
  });
  return runs;
}

/// Neumaier's compensated sum.
class Sum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    lost_ += std::abs(sum_) >= std::abs(value) ? sum_ - next + value : value - next + sum_;
    sum_ = next;
  }
  double value() const { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

 private:
  double sum_ = 0, lost_ = 0;
};

struct Intensity {
  double minimum, maximum, sum;
};

template <class T>
Intensity intensity_of(std::span<const Run> runs, std::span<const T> pixels) {
  std::uint64_t exact = 0;
  Sum compensated;
  T minimum = pixels[runs[0].offset], maximum = minimum;
  bool undefined = false;
  for (const Run& run : runs)
    for (const T value : pixels.subspan(run.offset, run.length)) {
      if constexpr (std::is_integral_v<T>)
        exact += value;
      else
        compensated.add(value);
      minimum = std::min(minimum, value);
      maximum = std::max(maximum, value);
      undefined |= is_nan(value);
    }
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (undefined) return {nan, nan, nan};
  return {static_cast<double>(minimum), static_cast<double>(maximum),
          std::is_integral_v<T> ? static_cast<double>(exact) : compensated.value()};
}

/// Exact sums over voxels counted from a corner of the bounding box.
struct Moments {
  Wide count = 0;
  std::array<Wide, 3> first{};                    ///< of x, y, z
  std::array<std::array<Wide, 3>, 3> products{};  ///< of xx, xy, …; the lower half alone

  void add(Wide x, Wide length, Wide y, Wide z) {
    const Wide end = x + length;
    const auto squares_below = [](Wide n) { return (n - 1) * n * (2 * n - 1) / 6; };
    const Wide sum_x = length * (x + end - 1) / 2;
    count += length;
    const std::array<Wide, 3> sums{sum_x, length * y, length * z};
    for (int i = 0; i < 3; ++i) first[i] += sums[i];
    products[0][0] += squares_below(end) - squares_below(x);
    products[1][0] += sum_x * y;
    products[1][1] += length * y * y;
    products[2][0] += sum_x * z;
    products[2][1] += length * y * z;
    products[2][2] += length * z * z;
  }

  /// Eigenvalues of the covariance, in falling order, none below 0.
  std::array<double, 3> eigenvalues(const std::array<double, 3>& spacing) const {
    // In long double, so that the root of an eigenvalue of 0 comes out below 1e-9.
    Eigen::Matrix<long double, 3, 3> covariance;
    const auto n = static_cast<long double>(count);
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j <= i; ++j)
        covariance(i, j) = static_cast<long double>(count * products[i][j] - first[i] * first[j]) /
                           n / n * spacing[i] * spacing[j];
    using Solver = Eigen::SelfAdjointEigenSolver<Eigen::Matrix<long double, 3, 3>>;
    const auto values = Solver(covariance, Eigen::EigenvaluesOnly).eigenvalues().eval();
    std::array<double, 3> result;
    for (int i = 0; i < 3; ++i) result[i] = std::max(0.0, static_cast<double>(values[2 - i]));
    return result;
  }
};

/// A label's voxels in one row, from the first to the last.
struct Row {
  std::int64_t first, last, y, z;
};

/// Half-voxel coordinates of the points of a slice that may be vertices of its hull.
std::vector<LatticePoint> points_of(std::span<const Row> rows, FeretPoints points) {
  std::vector<LatticePoint> result;
  const std::int64_t beside = points == FeretPoints::centers ? 0 : 1;
  for (const Row& row : rows) {
    const std::int64_t first = 2 * row.first, last = 2 * row.last, y = 2 * row.y, z = 2 * row.z;
    if (points != FeretPoints::corners) {
      result.push_back({first - beside, y, z});
      result.push_back({last + beside, y, z});
    }
    if (points != FeretPoints::centers) {
      const std::int64_t out = points == FeretPoints::corners ? 1 : 0;
      for (const std::int64_t side : {-1, 1}) {
        result.push_back({first - out, y + side, z});
        result.push_back({last + out, y + side, z});
      }
    }
  }
  return result;
}

Calipers calipers_of(std::span<const Row> rows, FeretPoints points, bool flat,
                     const Spacing& spacing) {
  const Spacing half{spacing.x / 2, spacing.y / 2, spacing.z / 2};
  if (flat) return polygon_calipers(convex_polygon(points_of(rows, points), 2), half);
  std::vector<LatticePoint> candidates;
  const auto add = [&](std::span<const Row> slice, FeretPoints in_slice, std::int64_t above) {
    for (const LatticePoint& p : convex_polygon(points_of(slice, in_slice), 2))
      for (const std::int64_t z : {p[2] - above, p[2] + above})
        candidates.push_back({p[0], p[1], z});
  };
  for (auto begin = rows.begin(); begin != rows.end();) {
    const auto end =
        std::find_if(begin, rows.end(), [&](const Row& row) { return row.z != begin->z; });
    add({begin, end}, points, points == FeretPoints::corners ? 1 : 0);
    if (points == FeretPoints::edges) add({begin, end}, FeretPoints::centers, 1);
    begin = end;
  }
  return solid_calipers(std::move(candidates), half);
}

/// A row of the table, from all runs of a label.
std::vector<double> measure(std::span<const Run> runs, const Image& labels, const Image* intensity,
                            FeretPoints points) {
  const Shape& shape = labels.shape();
  const bool flat = shape.z == 1;
  const std::array<double, 3> spacing{labels.spacing().x, labels.spacing().y, labels.spacing().z};

  std::vector<Row> rows;
  for (const Run& run : runs) {
    const std::int64_t row = run.offset / shape.x, x = run.offset % shape.x;
    const std::int64_t y = row % shape.y, z = row / shape.y, last = x + run.length - 1;
    if (rows.empty() || rows.back().y != y || rows.back().z != z)
      rows.push_back({x, last, y, z});
    else
      rows.back().last = last;
  }
  std::array<std::int64_t, 3> low{shape.x, shape.y, shape.z}, high{};
  for (const Row& row : rows) {
    const std::array<std::int64_t, 3> a{row.first, row.y, row.z}, b{row.last, row.y, row.z};
    for (int i = 0; i < 3; ++i) {
      low[i] = std::min(low[i], a[i]);
      high[i] = std::max(high[i], b[i]);
    }
  }
  Moments moments;
  for (const Run& run : runs) {
    const std::int64_t row = run.offset / shape.x;
    moments.add(run.offset % shape.x - low[0], run.length, row % shape.y - low[1],
                row / shape.y - low[2]);
  }
  const double voxels = static_cast<double>(moments.count);

  std::vector<double> values{static_cast<double>(runs[0].label), voxels,
                             voxels * spacing[0] * spacing[1] * (flat ? 1 : spacing[2])};
  for (int i = 0; i < 3; ++i)
    values.push_back(
        (static_cast<double>(low[i]) + static_cast<double>(moments.first[i]) / voxels) *
        spacing[i]);
  values.insert(values.end(), low.begin(), low.end());
  values.insert(values.end(), high.begin(), high.end());
  if (intensity) {
    const auto [minimum, maximum, sum] = visit_grey(
        intensity->dtype(),
        [&]<class T>(std::type_identity<T>) { return intensity_of(runs, intensity->pixels<T>()); });
    values.insert(values.end(), {sum / voxels, minimum, maximum, sum});
  }
  const auto moment = moments.eigenvalues(spacing);
  values.push_back(flat ? 4 * std::sqrt(moment[0]) : std::sqrt(20 * moment[0]));
  values.push_back(flat ? 4 * std::sqrt(moment[1]) : std::sqrt(20 * moment[2]));
  const Calipers calipers = calipers_of(rows, points, flat, labels.spacing());
  values.push_back(calipers.feret_diameter);
  values.push_back(calipers.min_caliper);
  return values;
}

void check(const Image& labels, const Image* intensity) {
  if (labels.dtype() != DType::u32) throw std::logic_error("labels that are not u32");
  if (intensity && intensity->shape() != labels.shape())
    throw std::logic_error("labels and intensities of different shape");
  if (intensity) visit_grey(intensity->dtype(), [](auto) {});
  const auto& [x, y, z] = labels.spacing();
  for (const double s : {x, y, z})
    if (!(s > 0 && std::isfinite(s))) throw BadInput("the labels' spacing is not positive");
  const Shape& shape = labels.shape();
  // Up to here, the hulls' determinants fit 64 bits.
  const std::int64_t longest = std::int64_t{1} << (shape.z == 1 ? 29 : 19);
  if (std::max({shape.x, shape.y, shape.z}) > longest)
    throw NotMeasurable("an image of more than " + std::to_string(longest) +
                        " voxels along an axis");
}

}  // namespace

ObjectTable measure_objects(const Image& labels, const Image* intensity, FeretPoints points) {
  check(labels, intensity);
  ObjectTable table;
  table.columns = {"label",      "voxels",     labels.shape().z == 1 ? "area" : "volume",
                   "centroid_x", "centroid_y", "centroid_z",
                   "first_x",    "first_y",    "first_z",
                   "last_x",     "last_y",     "last_z"};
  if (intensity) table.columns.insert(table.columns.end(), {"mean", "minimum", "maximum", "sum"});
  table.columns.insert(table.columns.end(),
                       {"major_axis", "minor_axis", "feret_diameter", "min_caliper"});

  const std::vector<Run> runs = find_runs(labels);
  std::vector<std::size_t> starts;  // of each object, and the end
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (i == 0 || runs[i].label != runs[i - 1].label) starts.push_back(i);
  const auto objects = static_cast<std::int64_t>(starts.size());
  starts.push_back(runs.size());

  const auto width = static_cast<std::int64_t>(table.columns.size());
  table.rows = Image({width, objects, 1}, DType::f64);
  const auto cells = table.rows.pixels<double>();
  tbb::parallel_for(std::int64_t{0}, objects, [&](std::int64_t i) {
    const auto of_object = std::span(runs).subspan(starts[i], starts[i + 1] - starts[i]);
    std::ranges::copy(measure(of_object, labels, intensity, points), cells.begin() + i * width);
  });
  return table;
}

}  // namespace voxelmark
