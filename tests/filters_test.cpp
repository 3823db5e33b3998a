// Properties of the window filters and the Gaussian compositions, on every engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/operations/window.hpp"
#include "engines/reference/reference.hpp"
#include "tests/image_makers.hpp"
#include "tests/run_operation.hpp"
#include "validate/image_agreement.hpp"

namespace voxelmark {
namespace {

Image expected(const std::string& name, const Given& given, const Image& image) {
  const Operation& operation = find_operation(name);
  Image result(image.shape(),
               operation.result_dtype(with_parameters(operation, given), image.dtype()));
  reference::compute({operation, with_parameters(operation, given), {&image}}, result);
  return result;
}

double largest_error(const Image& a, const Image& b) { return image_agreement(a, b).max_abs_error; }

template <class F>
Image each(const Image& image, F f) {
  Image result = image.clone();
  visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    for (T& value : result.pixels<T>()) value = static_cast<T>(f(value));
  });
  return result;
}

Image constant(const Shape& shape, DType dtype, double value) {
  return each(generate("noise", shape, dtype, 1), [=](auto) { return value; });
}

Image mask_of(const Shape& shape, DType dtype, double share) {
  return each(noise(shape, dtype), [=](auto value) {
    return static_cast<double>(value) > (dtype == DType::u16 ? 65535 : 255) * (1 - share) ? 1 : 0;
  });
}

const std::vector<DType> types{DType::u8, DType::u16, DType::f32};

class Filters : public testing::TestWithParam<EngineEntry> {
 protected:
  std::unique_ptr<Engine> engine_ = std::get<std::unique_ptr<Engine>>(GetParam().open(0));

  /// The result, with output and scratch poisoned before. Without value where OpenCV declines.
  std::optional<Image> run(const std::string& name, const Given& given, const Image& image) {
    const Operation& operation = find_operation(name);
    auto outcome = run_on(*engine_, operation, with_parameters(operation, given), {&image});
    if (const auto* skip = std::get_if<Skip>(&outcome)) {
      EXPECT_TRUE(GetParam().device.engine.starts_with("opencv")) << skip->reason;
      return std::nullopt;
    }
    return std::get<Image>(std::move(outcome));
  }
};

/// Windows of every kind, as "window", "radius".
const std::vector<Given> windows{{{"window", "sphere"}, {"radius", "2"}},
                                 {{"window", "sphere"}, {"radius", "3x1x2"}},
                                 {{"window", "box"}, {"radius", "0x2x1"}},
                                 {{"window", "box"}, {"radius", "1x30x2"}}};

// A duality that holds of the border, too: what lies outside is the edge's, for both.
TEST_P(Filters, ErosionIsTheDilationOfTheBackground) {
  for (const DType dtype : types)
    for (const auto& window : windows) {
      const Image mask = mask_of({33, 20, 5}, dtype, 0.8);
      const Image inverted = each(mask, [](auto value) { return value == 0; });
      const auto eroded = run("Erode3D", window, mask), dilated = run("Dilate3D", window, inverted);
      ASSERT_EQ(eroded.has_value(), dilated.has_value());
      if (!eroded) continue;
      const Image other = each(*dilated, [](auto value) { return value == 0; });
      EXPECT_EQ(image_agreement(*eroded, other).differing, 0) << window[1].second;
      const Range range = range_of(*run("Dilate3D", window, mask));
      EXPECT_LE(range.maximum, 1);
    }
}

TEST_P(Filters, AnyNumberButZeroIsForeground) {
  Image image = constant({5, 1, 1}, DType::f32, 0);
  for (const float value : {1e-30f, -3.5f, 255.0f}) {
    image.pixels<float>()[2] = value;
    const auto dilated = run("Dilate2D", {}, image);
    if (!dilated) return;
    const auto pixels = dilated->pixels<std::uint8_t>();
    EXPECT_EQ(std::vector<int>(pixels.begin(), pixels.end()), (std::vector<int>{0, 1, 1, 1, 0}))
        << value;
  }
}

TEST_P(Filters, OpeningAndClosingAreIdempotent) {
  for (const DType dtype : types)
    for (const auto& window : windows) {
      const Image image = noise({33, 20, 5}, dtype);
      const auto open = [&](const Image& from, const char* first, const char* second) {
        const auto between = run(first, window, from);
        return between ? run(second, window, *between) : std::nullopt;
      };
      for (const auto& [first, second] :
           {std::pair{"Minimum3D", "Maximum3D"}, std::pair{"Maximum3D", "Minimum3D"}}) {
        const auto once = open(image, first, second);
        if (!once) continue;
        EXPECT_EQ(image_agreement(*once, *open(*once, first, second)).differing, 0);
      }
    }
}

TEST_P(Filters, TopHatsAreWhatTheirDefinitionsSay) {
  for (const DType dtype : types)
    for (const auto& window : windows) {
      const Image image = noise({33, 20, 5}, dtype);
      const auto minimum = run("Minimum3D", window, image);
      const auto top = run("TopHat3D", window, image), bottom = run("BottomHat3D", window, image);
      if (!minimum || !top || !bottom) continue;
      const Image opened = *run("Maximum3D", window, *minimum);
      const Image closed = *run("Minimum3D", window, *run("Maximum3D", window, image));
      visit_grey(dtype, [&]<class T>(std::type_identity<T>) {
        for (std::size_t i = 0; i < image.pixels<T>().size(); ++i) {
          const T a = image.pixels<T>()[i];
          ASSERT_EQ(top->pixels<T>()[i], static_cast<T>(a - opened.pixels<T>()[i]));
          ASSERT_EQ(bottom->pixels<T>()[i], static_cast<T>(closed.pixels<T>()[i] - a));
        }
      });
    }
}

// Among them the highest values, whose sums must not overflow.
TEST_P(Filters, AConstantImageStaysAsItIs) {
  const Shape shape{21, 9, 4};
  for (const DType dtype : types)
    for (const double value : {0.0, 7.0, dtype == DType::u8 ? 255.0 : 65535.0}) {
      const Image image = constant(shape, dtype, value);
      for (const auto& [name, given] : std::vector<std::pair<std::string, Given>>{
               {"Mean3D", {{"radius", "5"}}},
               {"Mean3D", {{"window", "box"}, {"radius", "40"}}},
               {"Median3D", {{"radius", "2"}}},
               {"Median3D", {{"radius", "5"}}},
               {"Minimum3D", {{"radius", "5"}}},
               {"Maximum3D", {{"window", "box"}}},
               {"GaussianBlur3D", {{"sigma", "3"}}}}) {
        const auto result = run(name, given, image);
        if (!result) continue;
        const double allowed = dtype == DType::f32 ? std::ldexp(value, -17) : 0;
        EXPECT_LE(largest_error(image, *result), allowed) << name << " " << value;
      }
      const auto difference = run("DifferenceOfGaussian3D", {}, image),
                 subtracted = run("SubtractGaussianBackground3D", {}, image),
                 divided = run("DivideByGaussianBackground3D", {}, image);
      const Image zero = constant(shape, DType::f32, 0);
      if (difference) {
        EXPECT_LE(largest_error(zero, *difference), std::ldexp(value, -16));
      }
      if (subtracted) {
        EXPECT_LE(largest_error(zero, *subtracted), std::ldexp(value, -17));
      }
      if (divided) {
        EXPECT_LE(largest_error(constant(shape, DType::f32, value > 0), *divided), 1e-5) << value;
      }
    }
}

TEST_P(Filters, MinimumMedianMeanAndMaximumComeInThisOrder) {
  for (const DType dtype : types)
    for (const auto& window : windows) {
      const Image image = noise({33, 20, 5}, dtype);
      const auto least = run("Minimum3D", window, image), most = run("Maximum3D", window, image);
      if (!least || !most) continue;
      for (const char* name : {"Median3D", "Mean3D"}) {
        const auto middle = run(name, window, image);
        if (!middle) continue;
        visit_grey(dtype, [&]<class T>(std::type_identity<T>) {
          for (std::size_t i = 0; i < image.pixels<T>().size(); ++i) {
            ASSERT_LE(least->pixels<T>()[i], middle->pixels<T>()[i]) << name;
            ASSERT_LE(middle->pixels<T>()[i], most->pixels<T>()[i]) << name;
          }
        });
      }
    }
}

TEST_P(Filters, ARadiusOfZeroChangesNothing) {
  for (const DType dtype : types)
    for (const char* window : {"box", "sphere"})
      for (const char* name : {"Minimum3D", "Maximum3D", "Median3D", "Mean3D"}) {
        const Image image = noise({13, 7, 3}, dtype);
        const auto result = run(name, {{"window", window}, {"radius", "0"}}, image);
        if (result) {
          EXPECT_EQ(image_agreement(image, *result).differing, 0) << name;
        }
      }
}

/// Straight from the definition of a window, in double for the sphere.
bool in_window(bool sphere, const PerAxis& radius, std::int64_t x, std::int64_t y, std::int64_t z) {
  double sum = 0;
  for (const auto& [r, d] :
       {std::pair{radius.x, x}, std::pair{radius.y, y}, std::pair{radius.z, z}}) {
    const auto distance = static_cast<double>(d);
    if (std::abs(distance) > static_cast<double>(r)) return false;
    if (r > 0) sum += distance * distance / (static_cast<double>(r) * static_cast<double>(r));
  }
  return !sphere || sum <= 1 + 1e-9;
}

// Radii that differ by axis and pass the extent: a lone bright voxel becomes its mirrored window.
TEST_P(Filters, ALoneVoxelSpreadsAsTheWindow) {
  const Shape shape{23, 11, 6};
  const Index bright{9, 5, 2};
  Image image = constant(shape, DType::u8, 0);
  image.pixels<std::uint8_t>()[offset(shape, bright.x, bright.y, bright.z)] = 200;
  for (const char* window : {"sphere", "box"})
    for (const auto& [text, radius] : std::vector<std::pair<std::string, PerAxis>>{
             {"3x1x2", {3, 1, 2}}, {"0x2x1", {0, 2, 1}}, {"13x3x30", {13, 3, 30}}}) {
      const auto result = run("Maximum3D", {{"window", window}, {"radius", text}}, image);
      if (!result) continue;
      for (std::int64_t z = 0; z < shape.z; ++z)
        for (std::int64_t y = 0; y < shape.y; ++y)
          for (std::int64_t x = 0; x < shape.x; ++x) {
            const bool reached = in_window(std::string(window) == "sphere", radius, bright.x - x,
                                           bright.y - y, bright.z - z);
            ASSERT_EQ(result->pixels<std::uint8_t>()[offset(shape, x, y, z)], reached ? 200 : 0)
                << window << " " << text << " at " << x << " " << y << " " << z;
          }
    }
}

// Away from the border a filter knows no place.
TEST_P(Filters, AShiftCommutes) {
  const Shape shape{40, 36, 20};
  const Region shifted{{3, 2, 1}, {37, 34, 19}}, inner{{9, 9, 7}, {19, 16, 5}};
  for (const auto& [name, given] : std::vector<std::pair<std::string, Given>>{
           {"Minimum3D", {{"radius", "3x2x4"}}},
           {"Median3D", {}},
           {"Mean3D", {{"window", "box"}, {"radius", "3x2x4"}}},
           {"Mean3D", {{"window", "sphere"}, {"radius", "4"}}},
           {"TopHat3D", {{"radius", "2"}}},
           {"DifferenceOfGaussian3D", {{"sigma1", "0.5"}, {"sigma2", "1.5"}}}}) {
    const Image image = noise(shape, DType::f32);
    const auto whole = run(name, given, image), part = run(name, given, crop(image, shifted));
    if (!whole || !part) continue;
    const Region same{{inner.origin.x - 3, inner.origin.y - 2, inner.origin.z - 1}, inner.extent};
    EXPECT_LE(largest_error(crop(*whole, inner), crop(*part, same)), 256 * 1e-5) << name;
  }
}

TEST_P(Filters, ABlurIsLinear) {
  const Shape shape{45, 21, 6};
  const Image a = noise(shape, DType::f32), b = generate("blobs", shape, DType::f32, 4);
  const auto mixed = [&](const Image& first, const Image& second) {
    Image sum = first.clone();
    std::transform(first.pixels<float>().begin(), first.pixels<float>().end(),
                   second.pixels<float>().begin(), sum.pixels<float>().begin(),
                   [](float x, float y) { return 2 * x - 3 * y; });
    return sum;
  };
  for (const char* name :
       {"GaussianBlur3D", "Mean3D", "DifferenceOfGaussian3D", "SubtractGaussianBackground3D"}) {
    const auto one = run(name, {}, a), other = run(name, {}, b), both = run(name, {}, mixed(a, b));
    if (!one || !other || !both) continue;
    const double allowed =
        10 * tolerances::weighted_sum(DType::f32, range_of(mixed(a, b))).max_abs_error;
    EXPECT_LE(largest_error(mixed(*one, *other), *both), allowed) << name;
  }
}

// The bound that the descriptor states is of the largest quotient there can be. Engines do better:
// the error stays small beside each quotient.
TEST_P(Filters, QuotientsAreRightVoxelByVoxel) {
  const Shape shape{70, 40, 6};
  Image image = each(noise(shape, DType::f32),
                     [](float value) { return value < 250 ? 0 : std::exp2(value - 250); });
  const Given given{{"sigma", "2x1x1"}};
  const auto result = run("DivideByGaussianBackground3D", given, image);
  if (!result) return;
  const Image right = expected("DivideByGaussianBackground3D", given, image);
  for (std::size_t i = 0; i < image.pixels<float>().size(); ++i) {
    const auto quotient = static_cast<double>(right.pixels<float>()[i]);
    ASSERT_LE(std::abs(static_cast<double>(result->pixels<float>()[i]) - quotient),
              1e-5 * quotient);
    if (image.pixels<float>()[i] == 0) {
      ASSERT_EQ(result->pixels<float>()[i], 0);
    }
  }
}

void expect_agreement(const std::string& name, const Given& given, const Image& image,
                      const Image& result) {
  const Operation& operation = find_operation(name);
  const Image right = expected(name, given, image);
  const auto figures = image_agreement(right, result);
  const Tolerance tolerance = operation.tolerance(with_parameters(operation, given), right.dtype(),
                                                  range_of(image), image.shape());
  EXPECT_TRUE(agrees(figures, tolerance))
      << name << " " << to_string(image.dtype()) << ": " << figures.differing << " of " << figures.n
      << " differ, by up to " << figures.max_abs_error;
}

// One sum of so many values of one size would lose the small differences.
TEST_P(Filters, MeansOfLargeWindowsKeepTheirPrecision) {
  for (const DType dtype : types) {
    const Image image = each(noise({150, 130, 1}, dtype), [=](auto value) {
      return dtype == DType::f32 ? 30000 + static_cast<double>(value) / 64
                                 : static_cast<double>(value);
    });
    for (const Given& given : {Given{{"window", "box"}, {"radius", "50x33"}},
                               Given{{"window", "sphere"}, {"radius", "17"}}})
      if (const auto result = run("Mean2D", given, image))
        expect_agreement("Mean2D", given, image, *result);
  }
}

TEST_P(Filters, WideBlursWork) {
  for (const DType dtype : {DType::u16, DType::f32}) {
    const Given given{{"sigma", "200"}};
    const Image image = noise({70, 33, 5}, dtype);
    if (const auto result = run("GaussianBlur3D", given, image))
      expect_agreement("GaussianBlur3D", given, image, *result);
    if (const auto result = run("DivideByGaussianBackground3D", given, image))
      expect_agreement("DivideByGaussianBackground3D", given, image, *result);
  }
}

// Compared at some voxels, since the definition takes its time.
TEST_P(Filters, MediansOfLargeWindowsWork) {
  if (GetParam().device.engine == "reference") GTEST_SKIP() << "would compare with itself";
  const auto check = [&](const std::string& name, const Shape& shape, DType dtype,
                         const Given& given) {
    const Image image = noise(shape, dtype);
    const auto result = run(name, given, image);
    if (!result) return;
    std::vector<Index> places;
    for (std::int64_t i = 0; i < 40; ++i)
      places.push_back({i * 7919 % shape.x, i * 104729 % shape.y, i * 1299709 % shape.z});
    const Operation& operation = find_operation(name);
    const Image right =
        reference::compute_at({operation, with_parameters(operation, given), {&image}}, places);
    visit_grey(dtype, [&]<class T>(std::type_identity<T>) {
      for (std::size_t i = 0; i < places.size(); ++i)
        EXPECT_EQ(result->pixels<T>()[offset(shape, places[i].x, places[i].y, places[i].z)],
                  right.pixels<T>()[i])
            << name << " " << to_string(dtype);
    });
  };
  for (const DType dtype : types) {
    check("Median3D", {40, 12, 6}, dtype, {{"window", "sphere"}, {"radius", "15"}});
    check("Median3D", {40, 12, 6}, dtype, {{"window", "box"}, {"radius", "15"}});
    check("Median2D", {90, 50, 1}, dtype, {{"window", "box"}, {"radius", "40"}});
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Filters, testing::ValuesIn(find_devices({})),
                         [](const auto& tested) {
                           std::string name = tested.param.device.engine;
                           std::erase(name, '-');
                           return name + std::to_string(tested.index);
                         });

}  // namespace
}  // namespace voxelmark
