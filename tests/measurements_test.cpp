// Reductions, thresholds and label measurements at their limits, on every engine.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "bench/engines.hpp"
#include "bench/inputs.hpp"
#include "engines/operations/auto_threshold.hpp"
#include "engines/operations/catalogue.hpp"
#include "tests/image_makers.hpp"
#include "tests/run_operation.hpp"

namespace voxelmark {
namespace {

using Values = std::vector<std::pair<std::string, ParameterValue>>;

/// Calls check(result, device) for each engine that does it; all but OpenCV have to.
template <class Check>
void on_all_engines(const std::string& name, const std::vector<const Image*>& images,
                    const Values& values, const Check& check) {
  const Operation& operation = find_operation(name);
  Parameters parameters(operation.parameters);
  for (const auto& [parameter, value] : values) parameters.set(parameter, value);
  int checked = 0;
  for (const auto& entry : find_devices({})) {
    Engine* engine = opened(entry);
    if (!engine) continue;  // OpenCV without a device
    const auto outcome = run_on(*engine, operation, parameters, images);
    if (std::holds_alternative<Skip>(outcome)) {
      EXPECT_TRUE(entry.device.engine.starts_with("opencv")) << entry.device.id;
      continue;
    }
    const Image& result = std::get<Image>(outcome);
    check(result, entry.device.id + " " + name);
    ++checked;
  }
  EXPECT_GE(checked, 3) << name;
}

void expect_number(const std::string& name, const Image& image, double expected,
                   double allowed = 0) {
  on_all_engines(name, {&image}, {}, [&](const Image& result, const std::string& where) {
    EXPECT_NEAR(result.pixels<double>()[0], expected, allowed) << where;
  });
}

TEST(Reductions, SumsPassThirtyTwoBits) {
  const Image image = filled<std::uint16_t>({512, 400, 3}, 65535);
  const double n = 512.0 * 400 * 3;
  expect_number("SumOfAllPixels3D", image, 65535 * n);
  expect_number("MeanOfAllPixels3D", image, 65535, 1e-9);  // OpenCV multiplies by 1 / n
  expect_number("StandardDeviationOfAllPixels3D", image, 0);
}

TEST(Reductions, DeviationsOfTheTypesLimits) {
  const auto expect_deviation = [](auto most, double n, double greatest) {
    Image image = filled<decltype(most)>({301, 1003, 1}, most);
    const auto pixels = image.pixels<decltype(most)>();
    std::fill_n(pixels.begin(), 100001, decltype(most){0});
    const double expected = greatest * std::sqrt(100001.0 * (n - 100001)) / n;
    expect_number("StandardDeviationOfAllPixels2D", image, expected, 1e-11 * expected);
  };
  expect_deviation(std::uint8_t{255}, 301 * 1003, 255);
  expect_deviation(std::uint16_t{65535}, 301 * 1003, 65535);
}

TEST(Reductions, MeanAndDeviationAtALargeOffset) {
  // 30000 + k / 64 for k = -2 … 2: exact in float32, mean 30000, variance 2 / 64^2.
  Image image({2000, 1000, 5}, DType::f32);
  const auto pixels = image.pixels<float>();
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = 30000 + (static_cast<float>(i % 5) - 2) / 64;
  expect_number("MeanOfAllPixels3D", image, 30000, 30000 * 1e-13);
  expect_number("SumOfAllPixels3D", image, 3e11, 3e11 * 1e-13);
  expect_number("StandardDeviationOfAllPixels3D", image, std::sqrt(2.0) / 64, 1e-12);
}

TEST(Reductions, AConstantImageDoesNotDeviate) {
  expect_number("StandardDeviationOfAllPixels2D", filled<float>({333, 77, 1}, 0.1f), 0, 1e-15);
  expect_number("StandardDeviationOfAllPixels2D", filled<float>({333, 77, 1}, -3e7f), 0, 1e-9);
}

TEST(Reductions, NumbersComeBeforeNan) {
  const float nan = std::nanf("");
  std::vector<float> values(1001, nan);
  const Image none = row_of(values);
  on_all_engines("MinimumOfAllPixels2D", {&none}, {},
                 [](const Image& result, const std::string& where) {
                   EXPECT_TRUE(std::isnan(result.pixels<double>()[0])) << where;
                 });
  for (const std::size_t place : {0, 1, 500, 999, 1000}) {
    auto one = values;
    one[place] = -7;
    expect_number("MinimumOfAllPixels2D", row_of(one), -7);
    expect_number("MaximumOfAllPixels2D", row_of(one), -7);
  }
}

TEST(Reductions, ASingleVoxel) {
  for (const char* name :
       {"SumOfAllPixels2D", "MeanOfAllPixels2D", "MinimumOfAllPixels2D", "MaximumOfAllPixels2D"})
    expect_number(name, filled<std::uint8_t>({1, 1, 1}, 9), 9);
  expect_number("StandardDeviationOfAllPixels2D", filled<std::uint8_t>({1, 1, 1}, 9), 0);
}

TEST(Histogram, TheLastBinIsClosedAndAConstantImageFillsTheFirst) {
  const auto counts = [](const Image& image, float bins, const std::vector<double>& expected) {
    on_all_engines("Histogram2D", {&image}, {{"bins", bins}},
                   [&](const Image& result, const std::string& where) {
                     for (std::size_t i = 0; i < expected.size(); ++i)
                       EXPECT_EQ(result.pixels<double>()[2 * i + 1], expected[i]) << where;
                   });
  };
  counts(row_of<std::uint8_t>({0, 1, 2, 3, 4}), 4, {1, 1, 1, 2});
  counts(row_of<float>({-1, -0.5f, 0, 1}), 2, {2, 2});
  counts(filled<std::uint16_t>({300, 200, 1}, 500), 3, {60000, 0, 0});
  // A range that float32 cannot hold, or hardly.
  counts(row_of<float>({-3e38f, 3e38f}), 2, {1, 1});
  counts(row_of<float>({0, 1e-45f}), 1, {2});
}

/// The mask as text, for short rows.
void expect_mask(const Image& image, const std::string& method, const std::string& expected) {
  on_all_engines("AutoThreshold2D", {&image}, {{"method", method}},
                 [&](const Image& result, const std::string& where) {
                   std::string mask;
                   for (const auto value : result.pixels<std::uint8_t>())
                     mask += static_cast<char>('0' + value);
                   EXPECT_EQ(mask, expected)
                       << where << " " << method << " " << to_string(image.dtype());
                 });
}

const char* const methods[]{"default", "otsu", "li", "triangle", "mean", "yen"};

TEST(AutoThreshold, AConstantImageHasNoForeground) {
  for (const char* method : methods) {
    for (const int value : {0, 7, 255})
      expect_mask(filled<std::uint8_t>({3, 2, 1}, static_cast<std::uint8_t>(value)), method,
                  "000000");
    expect_mask(filled<std::uint16_t>({3, 2, 1}, 65535), method, "000000");
    expect_mask(filled<float>({3, 2, 1}, -0.3f), method, "000000");
    expect_mask(filled<float>({1, 1, 1}, 5), method, "0");
  }
}

TEST(AutoThreshold, TwoValuesAreTold) {
  for (const char* method : {"default", "otsu", "mean", "yen"}) {
    expect_mask(row_of<std::uint8_t>({20, 20, 220, 20, 220}), method, "00101");
    expect_mask(row_of<float>({-2, -2, 9, -2, 9}), method, "00101");
    expect_mask(row_of<std::uint16_t>({1, 1, 60000, 1, 60000}), method, "00101");
  }
}

TEST(AutoThreshold, OfEquallyGoodLevelsOtsuTakesTheLowest) {
  expect_mask(row_of<std::uint8_t>({0, 1, 2}), "otsu", "011");
  expect_mask(row_of<std::uint16_t>({10, 20, 30}), "otsu", "011");
  expect_mask(row_of<std::uint8_t>({10, 20, 20, 30}), "otsu", "0111");
}

TEST(AutoThreshold, ASingleBrightVoxelIsFound) {
  Image image = filled<std::uint8_t>({4000, 2500, 1}, 10);
  image.pixels<std::uint8_t>()[777] = 200;
  on_all_engines("AutoThreshold2D", {&image}, {{"method", std::string("otsu")}},
                 [](const Image& result, const std::string& where) {
                   const auto pixels = result.pixels<std::uint8_t>();
                   EXPECT_EQ(std::count(pixels.begin(), pixels.end(), 1), 1) << where;
                   EXPECT_EQ(pixels[777], 1) << where;
                 });
}

TEST(AutoThreshold, TheLogarithmIsRight) {
  for (double x = 1e-6; x < 1e6; x *= 1.0173)
    EXPECT_NEAR(auto_threshold_levels::logarithm(x), std::log(x),
                4e-16 * std::max(1.0, std::abs(std::log(x))));
}

std::vector<double> column(const Image& table, std::int64_t number) {
  std::vector<double> values;
  for (std::int64_t y = 0; y < table.shape().y; ++y)
    values.push_back(table.pixels<double>()[y * table.shape().x + number]);
  return values;
}

TEST(Labels, NoneAtAll) {
  const Image none = filled<std::uint32_t>({40, 30, 2}, 0), grey = filled<float>({40, 30, 2}, 3);
  expect_number("CountLabels3D", none, 0);
  const auto is_empty_row = [](const Image& table, const std::string& where) {
    EXPECT_EQ(table.shape().y, 1) << where;
    EXPECT_EQ(table.pixels<double>()[0], 1) << where;
    EXPECT_TRUE(std::isnan(table.pixels<double>()[table.shape().x - 1])) << where;
  };
  on_all_engines("Centroids3D", {&none}, {}, is_empty_row);
  on_all_engines("LabelStatistics3D", {&grey, &none}, {}, is_empty_row);
  on_all_engines("NeighborMesh3D", {&none}, {}, is_empty_row);
  const auto is_background = [](const Image& result, const std::string& where) {
    const auto pixels = result.pixels<std::uint32_t>();
    EXPECT_EQ(std::count(pixels.begin(), pixels.end(), 0u), 2400) << where;
  };
  on_all_engines("ExcludeLabelsOnEdges3D", {&none}, {}, is_background);
  on_all_engines("ExcludeLabelsOutsideSizeRange3D", {&none}, {}, is_background);
  on_all_engines("ExcludeLabelsOutsideMeanRange3D", {&grey, &none}, {}, is_background);
}

TEST(Labels, OneOfAllVoxels) {
  const Shape shape{300, 200, 7};
  const Image all = filled<std::uint32_t>(shape, 3), grey = filled<std::uint16_t>(shape, 65535);
  expect_number("CountLabels3D", all, 1);
  on_all_engines("LabelStatistics3D", {&grey, &all}, {},
                 [](const Image& table, const std::string& where) {
                   ASSERT_EQ(table.shape().y, 3) << where;
                   const double* row = table.pixels<double>().data() + 2 * table.shape().x;
                   const double n = 300.0 * 200 * 7;
                   const std::vector<double> expected{
                       3, n, 149.5, 99.5, 3, 0, 0, 0, 299, 199, 6, 65535, 65535, 65535, 65535 * n};
                   for (std::size_t i = 0; i < expected.size(); ++i)
                     EXPECT_EQ(row[i], expected[i]) << where << " column " << i;
                   // Of n points in a row the variance is (n^2 - 1) / 12.
                   EXPECT_NEAR(row[15], std::sqrt(20 * (300.0 * 300 - 1) / 12), 1e-9) << where;
                   EXPECT_NEAR(row[16], std::sqrt(20 * (7.0 * 7 - 1) / 12), 1e-9) << where;
                 });
  on_all_engines("ExcludeLabelsOnEdges3D", {&all}, {},
                 [](const Image& result, const std::string& where) {
                   EXPECT_EQ(range_of(result).maximum, 0) << where;
                 });
  on_all_engines("NeighborMesh3D", {&all}, {}, [](const Image& table, const std::string& where) {
    EXPECT_EQ(column(table, 1)[2], 0) << where;
    EXPECT_TRUE(std::isnan(column(table, 2)[2])) << where;
    EXPECT_EQ(column(table, 3)[2], 1) << where;
    EXPECT_TRUE(std::isnan(column(table, 3)[0])) << where;
  });
}

TEST(Labels, SeventyThousandWithGaps) {
  // Two voxels each, in falling order, every third number missing.
  std::vector<std::uint32_t> values;
  for (std::uint32_t label = 70000; label > 0; --label)
    if (label % 3) values.insert(values.end(), 2, label);
  const Image labels = row_of(values);
  const auto labels_there = static_cast<double>(values.size() / 2);
  expect_number("CountLabels2D", labels, labels_there);
  on_all_engines("Centroids2D", {&labels}, {}, [&](const Image& table, const std::string& where) {
    const auto x = column(table, 1);
    ASSERT_EQ(x.size(), 70000u) << where;
    std::vector<double> expected(70000, std::nan(""));
    for (std::size_t i = 0; i < values.size(); i += 2)
      expected[values[i] - 1] = static_cast<double>(i) + 0.5;
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_TRUE(x[i] == expected[i] || (std::isnan(x[i]) && std::isnan(expected[i])))
          << where << " label " << i + 1;
  });
  on_all_engines("ExcludeLabelsOutsideSizeRange2D", {&labels}, {{"minimum_size", 2.0f}},
                 [&](const Image& result, const std::string& where) {
                   const auto pixels = result.pixels<std::uint32_t>();
                   for (std::size_t i = 0; i < values.size(); ++i)
                     ASSERT_EQ(pixels[i], values[i] - values[i] / 3) << where << " voxel " << i;
                 });
}

TEST(Labels, AMeshOfFour) {
  // A row of four squares of 2 x 2 voxels; the second and third have both a neighbour on each side.
  Image labels({8, 2, 1}, DType::u32);
  for (std::int64_t y = 0; y < 2; ++y)
    for (std::int64_t x = 0; x < 8; ++x)
      labels.pixels<std::uint32_t>()[y * 8 + x] = static_cast<std::uint32_t>(x / 2 + 1);
  on_all_engines("NeighborMesh2D", {&labels}, {{"spacing", PerAxis{0.5f, 1, 0}}},
                 [](const Image& table, const std::string& where) {
                   EXPECT_EQ(column(table, 1), (std::vector<double>{1, 2, 2, 1})) << where;
                   EXPECT_EQ(column(table, 2), (std::vector<double>{1, 1, 1, 1})) << where;
                   EXPECT_EQ(column(table, 3), (std::vector<double>{1, 0, 0, 1})) << where;
                 });
}

}  // namespace
}  // namespace voxelmark
