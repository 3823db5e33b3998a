#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/image.hpp"
#include "engines/core/parameters.hpp"
#include "engines/core/text.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/operations/gaussian_blur.hpp"
#include "engines/operations/window.hpp"
#include "tests/temporary_folder.hpp"

namespace voxelmark {
namespace {

TEST(Shape, ParsesTwoOrThreeExtents) {
  EXPECT_EQ(parse_shape("2048x1024").shape, (Shape{2048, 1024, 1}));
  EXPECT_EQ(parse_shape("2048x1024").dims, 2);
  EXPECT_EQ(parse_shape("5x6x1").dims, 3);
  EXPECT_EQ(to_string(Shape{5, 6, 1}, 3), "5x6x1");
  EXPECT_EQ(to_string(Shape{5, 6, 1}, 2), "5x6");
}

TEST(Shape, RefusesWhatIsNoSize) {
  for (const char* text : {"", "5", "x", "5x", "0x5", "-1x5", "5x5x5x5", "5.5x5", "5x 5", "axb",
                           "99999999999999999999x1", "4294967296x4294967296"})
    EXPECT_THROW(parse_shape(text), BadInput) << text;
}

TEST(DTypes, RoundHalfToEvenAndSaturate) {
  EXPECT_EQ((to_pixel<std::uint8_t, float>(0.5f)), 0);
  EXPECT_EQ((to_pixel<std::uint8_t, float>(1.5f)), 2);
  EXPECT_EQ((to_pixel<std::uint8_t, float>(2.5f)), 2);
  EXPECT_EQ((to_pixel<std::uint8_t, float>(-7)), 0);
  EXPECT_EQ((to_pixel<std::uint8_t, float>(254.6f)), 255);
  EXPECT_EQ((to_pixel<std::uint8_t, float>(1e30f)), 255);
  EXPECT_EQ((to_pixel<std::uint8_t, float>(std::nanf(""))), 0);
  EXPECT_EQ((to_pixel<std::uint16_t, double>(65535.4)), 65535);
  EXPECT_EQ((to_pixel<std::uint32_t, float>(5e9f)), 4294967295u);
  EXPECT_THROW(parse_dtype("u9"), BadInput);
}

TEST(Images, AreAlignedAndTyped) {
  Image image({3, 5, 7}, DType::u16);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(image.data()) % 4096, 0u);
  EXPECT_EQ(image.bytes(), 3u * 5 * 7 * 2);
  EXPECT_THROW(image.pixels<float>(), std::logic_error);
}

TEST(Images, CropConvertAndRange) {
  Image image({4, 3, 2}, DType::f32, {0.5, 0.5, 2});
  for (std::size_t i = 0; i < 24; ++i) image.pixels<float>()[i] = static_cast<float>(i) + 0.5f;
  const Image part = crop(image, {{1, 1, 1}, {2, 2, 1}});
  EXPECT_EQ(part.pixels<float>()[0], 17.5f);
  EXPECT_EQ(part.pixels<float>()[3], 22.5f);
  EXPECT_EQ(part.spacing(), (Spacing{0.5, 0.5, 2}));
  const Image bytes = convert(image, DType::u8);
  EXPECT_EQ(bytes.pixels<std::uint8_t>()[0], 0);
  EXPECT_EQ(bytes.pixels<std::uint8_t>()[1], 2);
  image.pixels<float>()[3] = std::nanf("");
  EXPECT_EQ(range_of(image).minimum, 0.5);
  EXPECT_EQ(range_of(image).maximum, 23.5);
}

ParameterSpec sigma_spec() { return gaussian_blur(3).parameters[0]; }

TEST(ParameterValues, ParseAndPrint) {
  EXPECT_EQ(to_string(parse_parameter(sigma_spec(), 3, "2"), 3), "2");
  EXPECT_EQ(to_string(parse_parameter(sigma_spec(), 3, "2x2x0"), 3), "2x2x0");
  EXPECT_EQ(to_string(parse_parameter(sigma_spec(), 2, "2x0.5"), 2), "2x0.5");
  EXPECT_EQ(std::get<PerAxis>(parse_parameter(sigma_spec(), 2, "3")).z, 0);
  EXPECT_EQ(Parameters(find_operation("Median3D").parameters).text(3), "window:sphere/radius:2");
}

TEST(ParameterValues, RefuseWhatIsOutOfRange) {
  for (const char* text : {"-1", "nan", "inf", "", "x", "2x2", "2x2x2x2", "1e9", "2,5", "two"})
    EXPECT_THROW(parse_parameter(sigma_spec(), 3, text), BadInput) << text;
  const auto window = window_parameters(3, "box", 1);
  EXPECT_THROW(parse_parameter(window[0], 3, "ball"), BadInput);
  EXPECT_THROW(parse_parameter(window[1], 3, "1.5"), BadInput);
}

TEST(Window, SphereIsDecidedInIntegers) {
  const auto size = [](int dims, const char* window, const char* radius) {
    const auto specs = window_parameters(dims, window, 1);
    Parameters parameters(specs);
    parameters.set("radius", parse_parameter(specs[1], dims, radius));
    return window_offsets(parameters).size();
  };
  EXPECT_EQ(size(2, "sphere", "1"), 5u);
  EXPECT_EQ(size(3, "sphere", "2"), 33u);
  EXPECT_EQ(size(3, "box", "2"), 125u);
  EXPECT_EQ(size(3, "sphere", "0"), 1u);
  EXPECT_EQ(size(3, "sphere", "3x1x0"), 9u);  // 7 along x, and one on either side in y
  // Lattice points of the disc (Gauss's circle problem): 29, 529.
  EXPECT_EQ(size(2, "sphere", "3"), 29u);
  EXPECT_EQ(size(2, "sphere", "13"), 529u);
}

TEST(Gaussian, WeightsAreNormalisedAndCutAtFourSigma) {
  EXPECT_EQ(gaussian_weights(2.0f).size(), 17u);
  EXPECT_EQ(gaussian_weights(0.0f).size(), 1u);
  EXPECT_EQ(gaussian_weights(0.1f).size(), 1u);
  double sum = 0;
  for (const double weight : gaussian_weights(5.0f)) sum += weight;
  EXPECT_NEAR(sum, 1, 1e-15);
}

TEST(Text, NumbersStayReadable) {
  EXPECT_EQ(shortest(2.0f), "2");
  EXPECT_EQ(shortest(0.1f), "0.1");
  EXPECT_EQ(significant(0.012345, 3), "0.0123");
  EXPECT_EQ(significant(190.2, 2), "190");
  EXPECT_EQ(significant(99.7, 2), "100");
  EXPECT_EQ(human_bytes(1 << 20), "1 MiB");
  EXPECT_EQ(counted(0, "case"), "0 cases");
  EXPECT_EQ(counted(1, "case"), "1 case");
  EXPECT_EQ(identifier("NVIDIA H200 (SXM)"), "NVIDIA_H200_SXM");
}

TEST(Files, AppearWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const auto file = folder / "file.txt";
  write_text(file, "first");
  EXPECT_THROW(write_atomically(file,
                                [](const auto& temporary) {
                                  std::ofstream(temporary) << "half";
                                  throw BadInput("stop");
                                }),
               BadInput);
  std::string text;
  std::ifstream(file) >> text;
  EXPECT_EQ(text, "first");
  EXPECT_THROW(write_text(folder.path(), "a folder stands there"), BadInput);
  EXPECT_THROW(require_writable(folder / "missing" / "file"), BadInput);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Catalogue, NamesAreUniqueAndComplete) {
  std::vector<std::string> names;
  for (const auto& operation : catalogue()) {
    EXPECT_EQ(std::count(names.begin(), names.end(), operation.name), 0) << operation.name;
    names.push_back(operation.name);
    EXPECT_FALSE(operation.definition.empty());
    EXPECT_FALSE(operation.tolerance_rule.empty());
    for (const auto& spec : operation.parameters)
      EXPECT_FALSE(spec.description.empty()) << spec.name;
  }
}

TEST(Catalogue, CostCountsEachVoxelOnce) {
  const Operation blur = gaussian_blur(3);
  const Cost cost = blur.cost(Parameters(blur.parameters), {10, 10, 10}, DType::f32);
  EXPECT_EQ(cost.bytes, 1000 * 8);
  EXPECT_EQ(cost.flops, 1000 * 3 * 2 * 17);
}

TEST(Text, CsvCellsAreQuotedAndRunNothing) {
  EXPECT_EQ(csv_cell("a b"), "a b");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_cell("a\nb"), "\"a\nb\"");
  EXPECT_EQ(no_formula("=1+1"), "'=1+1");
  EXPECT_EQ(no_formula("1+1"), "1+1");
  EXPECT_EQ(no_formula(""), "");
}

}  // namespace
}  // namespace voxelmark
