#include "validate/image_agreement.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/image_makers.hpp"

namespace voxelmark {
namespace {

Image row(const std::vector<float>& values) { return row_of(values); }

TEST(ImageAgreement, Literals) {
  const auto figures = image_agreement(row({1, 2, 3, 4}), row({1, 2, 4, 2}));
  EXPECT_EQ(figures.n, 4);
  EXPECT_EQ(figures.differing, 2);
  EXPECT_EQ(figures.first_differing, 2);
  EXPECT_DOUBLE_EQ(figures.max_abs_error, 2);
  EXPECT_DOUBLE_EQ(figures.bias, -0.25);
  EXPECT_DOUBLE_EQ(figures.rmse, std::sqrt(5.0 / 4));
  // x̄ = 2.5, ȳ = 2.25: s_xy = 2.5, s_xx = 5, s_yy = 4.75.
  EXPECT_NEAR(*figures.pearson_r, 2.5 / std::sqrt(5 * 4.75), 1e-15);
}

TEST(ImageAgreement, PearsonOfConstantsIsUndefined) {
  EXPECT_FALSE(image_agreement(row({3, 3, 3}), row({1, 2, 3})).pearson_r);
  EXPECT_FALSE(image_agreement(row({1, 2, 3}), row({3, 3, 3})).pearson_r);
  EXPECT_FALSE(image_agreement(row({3}), row({3})).pearson_r);
}

TEST(ImageAgreement, PearsonKeepsItsDigitsAtALargeOffset) {
  std::vector<float> x, y;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(8e6f + static_cast<float>(i % 2));
    y.push_back(8e6f + static_cast<float>((i + 1) % 2));
  }
  EXPECT_NEAR(*image_agreement(row(x), row(y)).pearson_r, -1, 1e-12);
  EXPECT_NEAR(*image_agreement(row(x), row(x)).pearson_r, 1, 1e-12);
}

TEST(ImageAgreement, NanEqualsNanAndNothingElse) {
  const float nan = std::nanf("");
  const auto same = image_agreement(row({1, nan}), row({1, nan}));
  EXPECT_EQ(same.differing, 0);
  EXPECT_TRUE(agrees(same, {0, 0}));
  const auto other = image_agreement(row({1, 2}), row({1, nan}));
  EXPECT_TRUE(std::isnan(other.max_abs_error));
  EXPECT_FALSE(agrees(other, {1e30, 1}));
}

TEST(ImageAgreement, ToleranceHasTwoBounds) {
  Image reference({100, 100, 1}, DType::u8), test = Image({100, 100, 1}, DType::u8);
  std::fill(reference.pixels<std::uint8_t>().begin(), reference.pixels<std::uint8_t>().end(), 7);
  std::fill(test.pixels<std::uint8_t>().begin(), test.pixels<std::uint8_t>().end(), 7);
  for (int i = 0; i < 13; ++i) test.pixels<std::uint8_t>()[i * 50] = 8;
  EXPECT_TRUE(agrees(image_agreement(reference, test), {1, 0.001}));
  test.pixels<std::uint8_t>()[9999] = 8;
  EXPECT_FALSE(agrees(image_agreement(reference, test), {1, 0.001}));
  test.pixels<std::uint8_t>()[9999] = 7;
  test.pixels<std::uint8_t>()[0] = 9;
  EXPECT_FALSE(agrees(image_agreement(reference, test), {1, 0.001}));
  EXPECT_FALSE(agrees(image_agreement(reference, test), {0, 0}));
}

TEST(ImageAgreement, RefusesImagesThatDoNotMatch) {
  EXPECT_THROW(image_agreement(row({1, 2}), row({1, 2, 3})), std::logic_error);
  EXPECT_THROW(image_agreement(row({1}), Image({1, 1, 1}, DType::u8)), std::logic_error);
}

}  // namespace
}  // namespace voxelmark
