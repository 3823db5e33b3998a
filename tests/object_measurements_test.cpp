#include "validate/object_measurements.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "datasets/csv.hpp"
#include "engines/core/error.hpp"
#include "engines/operations/label_statistics.hpp"
#include "tests/image_makers.hpp"
#include "tests/temporary_folder.hpp"

namespace voxelmark {
namespace {

/// One object by names of columns.
using Measured = std::map<std::string, double>;

Measured row_of(const ObjectTable& table, std::int64_t row) {
  Measured result;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    result[table.columns[i]] = table.rows.pixels<double>()[row * table.rows.shape().x + i];
  return result;
}

/// The one object of an image.
Measured measure_one(const Image& labels, FeretPoints points = FeretPoints::corners) {
  const ObjectTable table = measure_objects(labels, nullptr, points);
  EXPECT_EQ(table.rows.shape().y, 1);
  return row_of(table, 0);
}

Image blank(const Shape& shape, const Spacing& spacing = {}) {
  Image labels(shape, DType::u32, spacing);
  std::ranges::fill(labels.pixels<std::uint32_t>(), 0);
  return labels;
}

/// Label 1 where `inside(x, y, z)`.
template <class F>
Image object(const Shape& shape, F inside, const Spacing& spacing = {}) {
  Image labels = blank(shape, spacing);
  for (std::int64_t z = 0; z < shape.z; ++z)
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x)
        labels.pixels<std::uint32_t>()[offset(shape, x, y, z)] = inside(x, y, z);
  return labels;
}

/// Labels drawn as text.
Image labels_of(const std::vector<std::string>& lines) { return drawn<std::uint32_t>(lines); }

Image box(std::int64_t x, std::int64_t y, std::int64_t z, const Spacing& spacing = {}) {
  // Not at the origin, in 2D not at z = 0 of a stack.
  return object(
      {x + 3, y + 2, z == 1 ? 1 : z + 2},
      [&](std::int64_t i, std::int64_t j, std::int64_t k) {
        return i >= 2 && i < 2 + x && j >= 1 && j < 1 + y && (z == 1 || (k > 0 && k <= z));
      },
      spacing);
}

void expect_calipers(const Image& labels, FeretPoints points, double feret, double caliper) {
  const Measured measured = measure_one(labels, points);
  EXPECT_DOUBLE_EQ(measured.at("feret_diameter"), feret);
  EXPECT_DOUBLE_EQ(measured.at("min_caliper"), caliper);
}

// ---- The oracle: every definition voxel by voxel.

using Vector = std::array<double, 3>;

Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// Distance of the planes perpendicular to a direction that enclose the points.
double width(const std::vector<Vector>& points, const Vector& direction) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Vector& p : points) {
    low = std::min(low, dot(p, direction));
    high = std::max(high, dot(p, direction));
  }
  return (high - low) / std::sqrt(dot(direction, direction));
}

/// Of both diameters. The narrowest lines lie on an edge, the narrowest planes on a face or on two
/// edges: perpendicular to a vector between two points, or to two of them. The width in any other
/// direction is greater, so that all may be tried.
std::pair<double, double> brute_calipers(const std::set<std::array<int, 3>>& half_voxels, bool flat,
                                         const Spacing& spacing) {
  const auto scaled = [&](const std::array<int, 3>& p) {
    return Vector{p[0] * spacing.x / 2, p[1] * spacing.y / 2, p[2] * spacing.z / 2};
  };
  std::vector<Vector> points;
  std::set<std::array<int, 3>> between;
  double feret = 0;
  for (const auto& a : half_voxels) {
    points.push_back(scaled(a));
    for (const auto& b : half_voxels)
      if (a < b) {
        between.insert({b[0] - a[0], b[1] - a[1], b[2] - a[2]});
        const Vector d = scaled(*between.find({b[0] - a[0], b[1] - a[1], b[2] - a[2]}));
        feret = std::max(feret, std::sqrt(dot(d, d)));
      }
  }
  double caliper = std::numeric_limits<double>::infinity();
  for (const auto& a : between)
    for (const auto& b : flat ? std::set<std::array<int, 3>>{{0, 0, 1}} : between)
      if (const Vector normal = cross(scaled(a), scaled(b)); dot(normal, normal) > 1e-12)
        caliper = std::min(caliper, width(points, normal));
  return {feret, std::isinf(caliper) ? 0 : caliper};
}

Measured expected_row(const Image& labels, const Image& intensity, std::uint32_t label,
                      FeretPoints points) {
  const Shape& s = labels.shape();
  const Spacing& spacing = labels.spacing();
  const bool flat = s.z == 1;
  std::vector<Vector> centres;
  std::vector<long double> grey;
  std::set<std::array<int, 3>> half_voxels;
  std::array<std::int64_t, 3> first{s.x, s.y, s.z}, last{-1, -1, -1};
  for (std::int64_t i = 0; i < s.voxels(); ++i) {
    if (labels.pixels<std::uint32_t>()[i] != label) continue;
    const std::array<std::int64_t, 3> at{i % s.x, i / s.x % s.y, i / s.x / s.y};
    centres.push_back({static_cast<double>(at[0]) * spacing.x,
                       static_cast<double>(at[1]) * spacing.y,
                       static_cast<double>(at[2]) * spacing.z});
    visit_grey(intensity.dtype(), [&]<class T>(std::type_identity<T>) {
      grey.push_back(static_cast<long double>(intensity.pixels<T>()[i]));
    });
    for (int k = 0; k < 3; ++k) {
      first[k] = std::min(first[k], at[k]);
      last[k] = std::max(last[k], at[k]);
    }
    for (int dz = flat ? 0 : -1; dz <= (flat ? 0 : 1); ++dz)
      for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {
          const int moved = std::abs(dx) + std::abs(dy) + std::abs(dz);
          if (moved == (points == FeretPoints::centers ? 0
                        : points == FeretPoints::edges ? 1
                        : flat                         ? 2
                                                       : 3))
            half_voxels.insert({static_cast<int>(2 * at[0]) + dx, static_cast<int>(2 * at[1]) + dy,
                                static_cast<int>(2 * at[2]) + dz});
        }
  }
  const double n = static_cast<double>(centres.size());
  Vector centroid{};
  for (int k = 0; k < 3; ++k) {
    for (const Vector& c : centres) centroid[k] += c[k];
    centroid[k] /= n;
  }
  std::array<Vector, 3> covariance{};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (const Vector& c : centres)
        covariance[i][j] += (c[i] - centroid[i]) * (c[j] - centroid[j]) / n;
  const auto moments = eigenvalues(covariance);
  long double sum = 0;
  for (const long double value : grey) sum += value;
  const auto [feret, caliper] = brute_calipers(half_voxels, flat, spacing);
  return {{"label", label},
          {"voxels", n},
          {flat ? "area" : "volume", n * spacing.x * spacing.y * (flat ? 1 : spacing.z)},
          {"centroid_x", centroid[0]},
          {"centroid_y", centroid[1]},
          {"centroid_z", centroid[2]},
          {"first_x", static_cast<double>(first[0])},
          {"first_y", static_cast<double>(first[1])},
          {"first_z", static_cast<double>(first[2])},
          {"last_x", static_cast<double>(last[0])},
          {"last_y", static_cast<double>(last[1])},
          {"last_z", static_cast<double>(last[2])},
          {"mean", static_cast<double>(sum / grey.size())},
          {"minimum", static_cast<double>(*std::ranges::min_element(grey))},
          {"maximum", static_cast<double>(*std::ranges::max_element(grey))},
          {"sum", static_cast<double>(sum)},
          {"major_axis", flat ? 4 * std::sqrt(moments[0]) : std::sqrt(20 * moments[0])},
          {"minor_axis", flat ? 4 * std::sqrt(moments[1]) : std::sqrt(20 * moments[2])},
          {"feret_diameter", feret},
          {"min_caliper", caliper}};
}

/// The columns in which two rows differ. The less of two lengths may be 0, but for rounding of the
/// greater; of axes, which are roots, the squares are compared.
std::vector<std::string> differing(const Measured& a, const Measured& b) {
  std::vector<std::string> names;
  for (const auto& [name, value] : a) {
    const bool axis = name.ends_with("_axis");
    const double size = axis                    ? a.at("major_axis")
                        : name == "min_caliper" ? a.at("feret_diameter")
                                                : std::abs(value);
    const double other = b.contains(name) ? b.at(name) : absent;
    const bool same = axis ? std::abs(value * value - other * other) <= 1e-12 * size * size
                           : std::abs(value - other) <= 1e-12 * size;
    if (!same) names.push_back(name);
  }
  for (const auto& [name, value] : b)
    if (!a.contains(name)) names.push_back(name);
  return names;
}

/// Every label against the oracle, with one error planted per column.
void compare_with_oracle(const Image& labels, const Image& intensity, FeretPoints points) {
  const auto pixels = labels.pixels<std::uint32_t>();
  std::set<std::uint32_t> present(pixels.begin(), pixels.end());
  present.erase(0);
  const ObjectTable table = measure_objects(labels, &intensity, points);
  ASSERT_EQ(table.rows.shape(), (Shape{20, static_cast<std::int64_t>(present.size()), 1}));
  std::int64_t row = 0;
  for (const std::uint32_t label : present) {
    const Measured expected = expected_row(labels, intensity, label, points);
    Measured measured = row_of(table, row++);
    EXPECT_EQ(differing(expected, measured), std::vector<std::string>{}) << "label " << label;
    for (const std::string& name : table.columns) {
      const double right = measured[name];
      measured[name] += 1e-5 * std::max({1.0, right, measured["feret_diameter"]});
      EXPECT_EQ(differing(expected, measured), std::vector{name});
      measured[name] = right;
    }
  }
}

// ---- Literals.

TEST(ObjectMeasurements, Square) {
  const Measured measured = measure_one(box(10, 10, 1));
  EXPECT_EQ(measured.at("label"), 1);
  EXPECT_EQ(measured.at("voxels"), 100);
  EXPECT_EQ(measured.at("area"), 100);
  EXPECT_EQ(measured.at("centroid_x"), 6.5);
  EXPECT_EQ(measured.at("centroid_y"), 5.5);
  EXPECT_EQ(measured.at("centroid_z"), 0);
  EXPECT_EQ(measured.at("first_x"), 2);
  EXPECT_EQ(measured.at("last_y"), 10);
  EXPECT_DOUBLE_EQ(measured.at("major_axis"), 4 * std::sqrt(99.0 / 12));
  EXPECT_DOUBLE_EQ(measured.at("minor_axis"), 4 * std::sqrt(99.0 / 12));
  EXPECT_FALSE(measured.contains("mean"));
  expect_calipers(box(10, 10, 1), FeretPoints::corners, 14.142135623730951, 10);
  expect_calipers(box(10, 10, 1), FeretPoints::edges, std::sqrt(181), 10);
  expect_calipers(box(10, 10, 1), FeretPoints::centers, 12.727922061357855, 9);
}

TEST(ObjectMeasurements, OnePixel) {
  const Measured measured = measure_one(box(1, 1, 1));
  EXPECT_EQ(measured.at("area"), 1);
  EXPECT_EQ(measured.at("major_axis"), 0);
  EXPECT_EQ(measured.at("minor_axis"), 0);
  expect_calipers(box(1, 1, 1), FeretPoints::corners, std::sqrt(2), 1);
  expect_calipers(box(1, 1, 1), FeretPoints::edges, 1, std::sqrt(0.5));
  expect_calipers(box(1, 1, 1), FeretPoints::centers, 0, 0);
}

TEST(ObjectMeasurements, Lines) {
  for (const Image& line : {box(7, 1, 1), box(1, 7, 1)}) {
    expect_calipers(line, FeretPoints::corners, std::sqrt(50), 1);
    expect_calipers(line, FeretPoints::centers, 6, 0);
    const Measured measured = measure_one(line);
    EXPECT_DOUBLE_EQ(measured.at("major_axis"), 8);  // 4 sqrt(48 / 12)
    EXPECT_EQ(measured.at("minor_axis"), 0);
  }
  const Image diagonal = object({5, 5, 1}, [](auto x, auto y, auto) { return x == y; });
  expect_calipers(diagonal, FeretPoints::corners, std::sqrt(50), std::sqrt(2));
  expect_calipers(diagonal, FeretPoints::centers, std::sqrt(32), 0);
  EXPECT_NEAR(measure_one(diagonal).at("minor_axis"), 0, 1e-9);
}

TEST(ObjectMeasurements, LShape) {
  const Image shape = labels_of({"1...",  //
                                 "1...",  //
                                 "1111"});
  // The hull's corners: (0, 0), (1, 0), (4, 2), (4, 3), (0, 3).
  expect_calipers(shape, FeretPoints::corners, 5, 3);
  const Measured measured = measure_one(shape);
  EXPECT_EQ(measured.at("area"), 6);
  EXPECT_DOUBLE_EQ(measured.at("centroid_x"), 1);
  EXPECT_DOUBLE_EQ(measured.at("centroid_y"), 1.5);
}

// Of a strip along (4, 3), the caliper is the strip's width and less than the box's.
TEST(ObjectMeasurements, RotatedRectangle) {
  const Image strip = object({60, 60, 1}, [](auto x, auto y, auto) {
    const auto along = 4 * x + 3 * y, across = 4 * y - 3 * x;
    return along >= 50 && along <= 250 && across >= 0 && across <= 50;
  });
  expect_calipers(strip, FeretPoints::centers, std::sqrt(40 * 40 + 10 * 10), 10);
}

TEST(ObjectMeasurements, Box) {
  expect_calipers(box(2, 3, 4), FeretPoints::corners, std::sqrt(29), 2);
  expect_calipers(box(2, 3, 4), FeretPoints::centers, std::sqrt(14), 1);
  expect_calipers(box(2, 3, 4, {1, 0.5, 0.25}), FeretPoints::corners, std::sqrt(4 + 2.25 + 1), 1);
  const Measured measured = measure_one(box(2, 3, 4, {1, 0.5, 0.25}));
  EXPECT_EQ(measured.at("voxels"), 24);
  EXPECT_EQ(measured.at("volume"), 3);
  EXPECT_EQ(measured.at("centroid_x"), 2.5);
  EXPECT_EQ(measured.at("centroid_y"), 1);
  EXPECT_EQ(measured.at("centroid_z"), 0.625);
  EXPECT_EQ(measured.at("first_z"), 1);
  EXPECT_EQ(measured.at("last_z"), 4);
  // Variances 1/4, 2/3 / 4, 15/12 / 16.
  EXPECT_DOUBLE_EQ(measured.at("major_axis"), std::sqrt(5));
  EXPECT_DOUBLE_EQ(measured.at("minor_axis"), std::sqrt(20 * 1.25 / 16));
}

// The face midpoints of one voxel are an octahedron, the corners of a regular tetrahedron's cube
// have two edges as the narrowest pair.
TEST(ObjectMeasurements, Octahedron) {
  const Image voxel =
      object({3, 3, 3}, [](auto x, auto y, auto z) { return x + y + z == 3 && x == y && y == z; });
  expect_calipers(voxel, FeretPoints::edges, 1, std::sqrt(1.0 / 3));
  expect_calipers(voxel, FeretPoints::corners, std::sqrt(3), 1);
}

TEST(ObjectMeasurements, Tetrahedron) {
  const Image vertices = object({6, 6, 6}, [](auto x, auto y, auto z) {
    return x % 5 == 0 && y % 5 == 0 && z % 5 == 0 && (x + y + z) / 5 % 2 == 0;
  });
  // Two opposite edges: 5, less than the height of 5 * 2 / sqrt(3).
  expect_calipers(vertices, FeretPoints::centers, std::sqrt(50), 5);
}

// Qhull alone would refuse these.
TEST(ObjectMeasurements, FlatInSpace) {
  expect_calipers(box(4, 5, 2), FeretPoints::centers, std::sqrt(9 + 16 + 1), 1);
  const auto in_plane = [](auto x, auto y, auto z) { return x == y && z > 0; };
  const auto tilted = [](auto x, auto y, auto z) { return x + 2 * y + z == 9; };
  const auto line = [](auto x, auto y, auto z) { return x == y && z == 2; };
  const auto edge = [](auto x, auto y, auto z) { return x == 3 && y == 1 && z != 0; };
  expect_calipers(object({6, 6, 4}, in_plane), FeretPoints::centers, std::sqrt(25 + 25 + 4), 0);
  expect_calipers(object({6, 6, 4}, line), FeretPoints::centers, std::sqrt(50), 0);
  expect_calipers(object({6, 6, 4}, edge), FeretPoints::centers, 2, 0);
  expect_calipers(object({6, 6, 4}, tilted), FeretPoints::centers, std::sqrt(25 + 1 + 9), 0);
  const auto slice = [](auto, auto, auto z) { return z == 1; };
  expect_calipers(object({30, 40, 4}, slice), FeretPoints::centers, std::sqrt(29 * 29 + 39 * 39),
                  0);
  expect_calipers(object({30, 40, 4}, slice), FeretPoints::corners, std::sqrt(2501), 1);
  expect_calipers(object({6, 6, 4}, line), FeretPoints::edges, std::sqrt(61), std::sqrt(1.0 / 3));
}

TEST(ObjectMeasurements, LabelsWithGaps) {
  Image labels = labels_of({"77..2", "7...2", "....7"});
  for (auto& label : labels.pixels<std::uint32_t>())
    if (label == 7) label = 0xffffffff;
  const ObjectTable table = measure_objects(labels);
  EXPECT_EQ(table.rows.shape(), (Shape{16, 2, 1}));
  EXPECT_EQ(row_of(table, 0).at("label"), 2);
  EXPECT_EQ(row_of(table, 0).at("voxels"), 2);
  // In two pieces, at the border.
  const Measured pieces = row_of(table, 1);
  EXPECT_EQ(pieces.at("label"), 4294967295.0);
  EXPECT_EQ(pieces.at("voxels"), 4);
  EXPECT_EQ(pieces.at("first_x"), 0);
  EXPECT_EQ(pieces.at("last_x"), 4);
  EXPECT_EQ(pieces.at("last_y"), 2);
  EXPECT_EQ(pieces.at("centroid_x"), 1.25);
  EXPECT_DOUBLE_EQ(pieces.at("feret_diameter"), std::sqrt(34));
}

TEST(ObjectMeasurements, NoLabel) {
  const Image intensity = image_of<std::uint8_t>({2, 1, 1}, {1, 2});
  const ObjectTable table = measure_objects(blank({2, 1, 1}), &intensity);
  EXPECT_EQ(table.rows.shape(), (Shape{20, 0, 1}));
  const TemporaryFolder folder;
  const auto path = folder / "objects.csv";
  write_csv(path, table.columns, table.rows);
  std::string line;
  std::ifstream file(path);
  EXPECT_TRUE(std::getline(file, line));
  EXPECT_EQ(line,
            "label,voxels,area,centroid_x,centroid_y,centroid_z,first_x,first_y,first_z,last_x,"
            "last_y,last_z,mean,minimum,maximum,sum,major_axis,minor_axis,feret_diameter,"
            "min_caliper");
  EXPECT_FALSE(std::getline(file, line));
  EXPECT_EQ(measure_objects(blank({2, 1, 3})).columns[2], "volume");
}

TEST(ObjectMeasurements, Intensities) {
  const Image labels = labels_of({"1122"});
  const auto check = [&](const Image& intensity) {
    const ObjectTable table = measure_objects(labels, &intensity);
    const Measured first = row_of(table, 0), second = row_of(table, 1);
    EXPECT_EQ(first.at("mean"), 2);
    EXPECT_EQ(first.at("minimum"), 1);
    EXPECT_EQ(first.at("maximum"), 3);
    EXPECT_EQ(first.at("sum"), 4);
    EXPECT_EQ(second.at("sum"), 255);
  };
  check(image_of<std::uint8_t>({4, 1, 1}, {3, 1, 0, 255}));
  check(image_of<std::uint16_t>({4, 1, 1}, {3, 1, 0, 255}));
  check(image_of<float>({4, 1, 1}, {3, 1, 0, 255}));
  const float infinity = std::numeric_limits<float>::infinity();
  const Image special = image_of<float>({4, 1, 1}, {std::nanf(""), 1, 1, infinity});
  const ObjectTable table = measure_objects(labels, &special);
  for (const char* name : {"mean", "minimum", "maximum", "sum"})
    EXPECT_TRUE(std::isnan(row_of(table, 0).at(name))) << name;
  EXPECT_EQ(row_of(table, 1).at("sum"), infinity);
  EXPECT_EQ(row_of(table, 1).at("minimum"), 1);
}

// A plain sum would lose the small pixels; one in float32 would lose far more.
TEST(ObjectMeasurements, SumsAtALargeOffset) {
  const Shape shape{300, 300, 1};
  const Image labels = object(shape, [](auto, auto, auto) { return true; });
  std::mt19937_64 random(3);
  std::vector<float> values;
  long double sum = 0;
  for (std::int64_t i = 0; i < shape.voxels(); ++i) {
    values.push_back(1e6f + static_cast<float>(random() % 4096) / 16);
    sum += values.back();
  }
  const Image noise = image_of(shape, values);
  EXPECT_EQ(row_of(measure_objects(labels, &noise), 0).at("sum"), static_cast<double>(sum));
  std::ranges::fill(values, 1e-6f);
  values.front() = 1e20f;
  values.back() = -1e20f;
  const Image cancelling = image_of(shape, values);
  EXPECT_DOUBLE_EQ(row_of(measure_objects(labels, &cancelling), 0).at("sum"),
                   static_cast<double>(shape.voxels() - 2) * static_cast<double>(1e-6f));
}

// Moments and hulls depend on where an object lies by rounding alone.
TEST(ObjectMeasurements, FarFromTheOrigin) {
  const auto disc = [](std::int64_t centre) {
    return [centre](auto x, auto y, auto) {
      return (x - centre) * (x - centre) + 3 * (y - 20) * (y - 20) <= 300;
    };
  };
  const Measured near = measure_one(object({40, 40, 1}, disc(20)));
  const Measured far = measure_one(object({200040, 40, 1}, disc(200020)));
  for (const char* name : {"major_axis", "minor_axis", "feret_diameter", "min_caliper"})
    EXPECT_EQ(near.at(name), far.at(name)) << name;
  EXPECT_EQ(near.at("centroid_x") + 200000, far.at("centroid_x"));
}

TEST(ObjectMeasurements, RefusesOtherImages) {
  const Image labels = blank({4, 4, 1}), grey = Image({4, 4, 1}, DType::u8);
  EXPECT_THROW(measure_objects(grey), std::logic_error);
  EXPECT_THROW(measure_objects(labels, &labels), std::logic_error);
  const Image other({4, 5, 1}, DType::u8);
  EXPECT_THROW(measure_objects(labels, &other), std::logic_error);
  for (const double spacing : {0.0, -1.0, std::nan("")})
    EXPECT_THROW(measure_objects(blank({4, 4, 1}, {1, spacing, 1})), BadInput);
  EXPECT_THROW(measure_objects(blank({(1 << 19) + 1, 1, 2})), NotMeasurable);
}

// ---- Against the oracle.

/// Labels 3, 6 … of voxels drawn at random, and intensities.
void compare_random(const Shape& shape, double density, std::uint32_t labels_drawn,
                    std::uint64_t seed, const Spacing& spacing, FeretPoints points) {
  std::mt19937_64 random(seed);
  Image labels = blank(shape, spacing);
  for (auto& label : labels.pixels<std::uint32_t>())
    if (static_cast<double>(random() >> 11) * 0x1p-53 < density)
      label = 3 * (1 + static_cast<std::uint32_t>(random() % labels_drawn));
  Image intensity(shape, std::array{DType::u8, DType::u16, DType::f32}[seed % 3]);
  visit_grey(intensity.dtype(), [&]<class T>(std::type_identity<T>) {
    for (T& pixel : intensity.pixels<T>()) pixel = static_cast<T>(random() % 256);
  });
  compare_with_oracle(labels, intensity, points);
}

constexpr std::array every_points{FeretPoints::corners, FeretPoints::edges, FeretPoints::centers};

TEST(ObjectMeasurements, Oracle2D) {
  std::uint64_t seed = 0;
  for (const FeretPoints points : every_points)
    for (const Spacing& spacing : {Spacing{}, Spacing{0.65, 0.65, 2}, Spacing{0.3, 1.7, 9}})
      for (const Shape& shape : {Shape{5, 5, 1}, Shape{12, 9, 1}, Shape{1, 20, 1}, Shape{40, 3, 1}})
        for (const double density : {0.08, 0.4})
          compare_random(shape, density, 3, seed++, spacing, points);
}

TEST(ObjectMeasurements, Oracle3D) {
  std::uint64_t seed = 0;
  for (const FeretPoints points : every_points)
    for (const Spacing& spacing : {Spacing{}, Spacing{0.3, 0.4, 1.7}})
      for (const Shape& shape : {Shape{4, 4, 4}, Shape{3, 5, 4}, Shape{2, 2, 7}, Shape{1, 6, 5}})
        for (const double density : {0.1, 0.3})
          compare_random(shape, density, 2, seed++, spacing, points);
}

// Too large to try all edges: in no direction is it narrower, and in some it is hardly wider.
TEST(ObjectMeasurements, Ball) {
  const Spacing spacing{0.5, 0.5, 1.25};
  for (const FeretPoints points : every_points) {
    const Image labels = object(
        {60, 60, 25},
        [](auto x, auto y, auto z) {
          const auto dx = x - 29, dy = y - 30, dz = z - 12;
          return 4 * dx * dx + 4 * dy * dy + 25 * dz * dz + dx * dy <= 3000;
        },
        spacing);
    const Measured measured = measure_one(labels, points);
    std::vector<Vector> hull;
    for (std::int64_t i = 0; i < labels.shape().voxels(); ++i) {
      if (labels.pixels<std::uint32_t>()[i] == 0) continue;
      const std::array<std::int64_t, 3> at{i % 60, i / 60 % 60, i / 3600};
      for (int corner = 0; corner < 27; ++corner) {
        const std::array<int, 3> d{corner % 3 - 1, corner / 3 % 3 - 1, corner / 9 - 1};
        const int moved = std::abs(d[0]) + std::abs(d[1]) + std::abs(d[2]);
        if (moved == (points == FeretPoints::corners ? 3 : points == FeretPoints::edges ? 1 : 0))
          hull.push_back({(static_cast<double>(at[0]) + d[0] / 2.0) * spacing.x,
                          (static_cast<double>(at[1]) + d[1] / 2.0) * spacing.y,
                          (static_cast<double>(at[2]) + d[2] / 2.0) * spacing.z});
      }
    }
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    double narrowest = std::numeric_limits<double>::infinity(), widest = 0;
    for (int i = 0; i < 300; ++i) {
      const double w = width(hull, {normal(random), normal(random), normal(random)});
      narrowest = std::min(narrowest, w);
      widest = std::max(widest, w);
    }
    EXPECT_LE(measured.at("min_caliper"), narrowest);
    EXPECT_GE(measured.at("min_caliper"), 0.97 * narrowest);
    EXPECT_GE(measured.at("feret_diameter"), widest);
    EXPECT_LE(measured.at("feret_diameter"), 1.03 * widest);
  }
}

}  // namespace
}  // namespace voxelmark
