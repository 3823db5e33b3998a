// What image arithmetic, moves, projections and interpolations must be like, on every engine.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "engines/core/error.hpp"
#include "engines/operations/catalogue.hpp"
#include "tests/image_makers.hpp"
#include "tests/run_operation.hpp"
#include "validate/image_agreement.hpp"

namespace voxelmark {
namespace {

using Settings = Given;
const std::vector<DType> grey{DType::u8, DType::u16, DType::f32};
const float nan = std::numeric_limits<float>::quiet_NaN();
const float infinity = std::numeric_limits<float>::infinity();

/// Thrown where OpenCV declines, which only it may: the rest of a test's body is left out.
struct Declined {};

bool is_opencv(const Engine& engine) { return engine.device().engine.starts_with("opencv"); }

/// Gives what an operation makes of images on one engine.
class Runner {
 public:
  explicit Runner(Engine& engine) : engine_(engine) {}

  Image operator()(const std::string& name, const Settings& settings,
                   const std::vector<const Image*>& images) const {
    const Operation& operation = find_operation(name);
    auto outcome = run_on(engine_, operation, with_parameters(operation, settings), images);
    if (const auto* skip = std::get_if<Skip>(&outcome)) {
      EXPECT_TRUE(is_opencv(engine_)) << skip->reason;
      throw Declined();
    }
    return std::get<Image>(std::move(outcome));
  }

 private:
  Engine& engine_;
};

void on_every_engine(const std::function<void(const Runner&)>& body, bool opencv_too = true) {
  int ran = 0;
  for (const auto& entry : find_devices({})) {
    Engine* engine = opened(entry);
    if (!engine || (!opencv_too && is_opencv(*engine))) continue;
    SCOPED_TRACE(engine->device().id);
    try {
      body(Runner(*engine));
      ++ran;
    } catch (const Declined&) {
    }
  }
  EXPECT_GE(ran, 3);  // the reference, TBB, OpenCL
}

void expect_equal(const Image& result, const Image& expected) {
  ASSERT_EQ(result.shape(), expected.shape());
  ASSERT_EQ(result.dtype(), expected.dtype());
  EXPECT_EQ(image_agreement(expected, result).differing, 0);
}

template <class T>
void expect_pixels(const Image& result, const std::vector<T>& expected) {
  expect_equal(result, image_of<T>(result.shape(), expected));
}

TEST(ImageArithmetic, WeightsAndSaturates) {
  const Image a = image_of<std::uint16_t>({4, 1, 1}, {0, 40000, 65535, 3}),
              b = image_of<std::uint16_t>({4, 1, 1}, {5, 40000, 65535, 4});
  on_every_engine([&](const Runner& run) {
    const auto sum = [&](const char* f, const char* g) {
      return run("AddImagesWeighted2D", {{"factor1", f}, {"factor2", g}}, {&a, &b});
    };
    expect_pixels<std::uint16_t>(sum("1", "1"), {5, 65535, 65535, 7});
    expect_pixels<std::uint16_t>(sum("1", "-1"), {0, 0, 0, 0});
    expect_pixels<std::uint16_t>(sum("0.5", "0.5"), {2, 40000, 65535, 4});  // halves to even
    expect_equal(sum("1", "0"), a);
    expect_equal(sum("0", "1"), b);
  });
}

TEST(ImageArithmetic, WeightedSumsAreLinear) {
  const Image a = noise({37, 11, 3}, DType::f32), b = generate("blobs", {37, 11, 3}, DType::f32, 2);
  on_every_engine([&](const Runner& run) {
    const Image sum =
        run("AddImagesWeighted3D", {{"factor1", "0.3"}, {"factor2", "-1.7"}}, {&a, &b});
    const Image zero = run("AddImagesWeighted3D", {{"factor1", "0"}, {"factor2", "0"}}, {&a, &b});
    const Image twice =
        run("AddImagesWeighted3D", {{"factor1", "0.6"}, {"factor2", "-3.4"}}, {&a, &b});
    EXPECT_EQ(range_of(zero).maximum, 0);
    expect_equal(twice, run("MultiplyScalar3D", {{"scalar", "2"}}, {&sum}));
  });
}

TEST(ImageArithmetic, DifferencesAreSquaredInFloat32) {
  const Image a = image_of<std::uint16_t>({3, 1, 1}, {0, 65535, 7}),
              b = image_of<std::uint16_t>({3, 1, 1}, {65535, 0, 9});
  on_every_engine([&](const Runner& run) {
    const float largest = 65535.0f * 65535.0f;
    expect_pixels<float>(run("SquaredDifference2D", {}, {&a, &b}), {largest, largest, 4});
  });
}

TEST(ImageArithmetic, AnythingButZeroIsForeground) {
  const Image a = image_of<float>({6, 1, 1}, {0.0f, -0.0f, 1e-40f, -3, infinity, nan}),
              b = filled<float>({6, 1, 1}, 255);
  on_every_engine([&](const Runner& run) {
    const Image both = run("BinaryAnd2D", {}, {&a, &b});
    // Some devices take 1e-40, below the normal numbers, for 0.
    const auto pixels = both.pixels<std::uint8_t>();
    EXPECT_EQ(std::vector<int>({pixels[0], pixels[1], pixels[3], pixels[4], pixels[5]}),
              std::vector<int>({0, 0, 1, 1, 1}));
  });
}

TEST(Convert, RoundsHalfToEvenAndSaturates) {
  const Image values = image_of<float>(
      {13, 1, 1},
      {0.5f, 1.5f, 2.5f, -3, 254.5f, 255.5f, 300, 65535.4f, 1e9f, 1e30f, infinity, -infinity, nan});
  on_every_engine(
      [&](const Runner& run) {
        expect_pixels<std::uint8_t>(run("Convert2D", {{"type", "u8"}}, {&values}),
                                    {0, 2, 2, 0, 254, 255, 255, 255, 255, 255, 255, 0, 0});
        expect_pixels<std::uint16_t>(run("Convert2D", {{"type", "u16"}}, {&values}),
                                     {0, 2, 2, 0, 254, 256, 300, 65535, 65535, 65535, 65535, 0, 0});
        expect_equal(run("Convert2D", {{"type", "f32"}}, {&values}), values);
      },
      false);  // OpenCV's own rounding wraps around
}

TEST(Moves, FourQuarterTurnsAreNone) {
  on_every_engine([](const Runner& run) {
    for (const DType dtype : grey)
      for (const Shape& shape : {Shape{70, 33, 1}, Shape{5, 64, 3}, Shape{1, 9, 2}}) {
        const std::string name = shape.z > 1 ? "Rotate3D" : "Rotate2D";
        const Image image = noise(shape, dtype);
        const Image once = run(name, {}, {&image}), twice = run(name, {}, {&once}),
                    thrice = run(name, {}, {&twice}), back = run(name, {}, {&thrice});
        expect_equal(back, image);
        expect_equal(run(name, {{"turns", "2"}}, {&image}), twice);
        expect_equal(run(name, {{"turns", "3"}}, {&image}), thrice);
      }
  });
}

TEST(Moves, AQuarterTurnGoesToTheLeft) {
  const Image image = image_of<std::uint8_t>({3, 2, 1}, {1, 2, 3, 4, 5, 6});
  on_every_engine([&](const Runner& run) {
    const Image turned = run("Rotate2D", {}, {&image});
    EXPECT_EQ(turned.shape(), (Shape{2, 3, 1}));
    expect_pixels<std::uint8_t>(turned, {3, 6, 2, 5, 1, 4});
  });
}

TEST(Moves, ReslicesAndFlipsUndoThemselves) {
  on_every_engine([](const Runner& run) {
    for (const DType dtype : grey)
      for (const Shape& shape : {Shape{67, 35, 40}, Shape{5, 1, 33}, Shape{1, 1, 1}}) {
        const Image image = noise(shape, dtype);
        const Image top = run("Reslice3D", {}, {&image});
        EXPECT_EQ(top.shape(), (Shape{shape.x, shape.z, shape.y}));
        expect_equal(run("Reslice3D", {}, {&top}), image);
        const Settings from_left{{"from", "left"}};
        const Image left = run("Reslice3D", from_left, {&image});
        EXPECT_EQ(left.shape(), (Shape{shape.y, shape.z, shape.x}));
        const Image again = run("Reslice3D", from_left, {&left});
        expect_equal(run("Reslice3D", from_left, {&again}), image);
        for (const char* axis : {"x", "y", "z"}) {
          const Image mirrored = run("Flip3D", {{"axis", axis}}, {&image});
          expect_equal(run("Flip3D", {{"axis", axis}}, {&mirrored}), image);
        }
      }
  });
}

TEST(Moves, CropsStayInside) {
  const Image image = noise({10, 7, 5}, DType::u16);
  on_every_engine([&](const Runner& run) {
    expect_equal(run("Crop3D", {}, {&image}), crop(image, {{2, 1, 1}, {5, 4, 3}}));
    expect_equal(run("Crop3D", {{"origin", "8x0x1"}, {"extent", "9x7x2"}}, {&image}),
                 crop(image, {{8, 0, 1}, {2, 7, 2}}));
    expect_equal(run("Crop3D", {{"origin", "99"}, {"extent", "4"}}, {&image}),
                 crop(image, {{9, 6, 4}, {1, 1, 1}}));
    expect_equal(run("Crop3D", {{"origin", "0"}, {"extent", "1000"}}, {&image}), image);
  });
}

TEST(Projections, LieAsClijLaysThem) {
  const Image image = image_of<std::uint8_t>({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  on_every_engine([&](const Runner& run) {
    const Image x = run("MaximumXProjection", {}, {&image}),
                y = run("MaximumYProjection", {}, {&image});
    EXPECT_EQ(x.shape(), (Shape{3, 2, 1}));
    EXPECT_EQ(y.shape(), (Shape{2, 3, 1}));
    expect_pixels<std::uint8_t>(x, {2, 6, 10, 4, 8, 12});
    expect_pixels<std::uint8_t>(y, {3, 4, 7, 8, 11, 12});
    expect_pixels<std::uint8_t>(run("MinimumZProjection", {}, {&image}), {1, 2, 3, 4});
    expect_pixels<std::uint32_t>(run("SumZProjection", {}, {&image}), {15, 18, 21, 24});
    expect_pixels<float>(run("MeanZProjection", {}, {&image}), {5, 6, 7, 8});
  });
}

TEST(Projections, NanLosesAgainstNumbers) {
  std::vector<float> values(150, nan);
  values[3] = -5;
  values[77] = -infinity;
  const Image line = image_of<float>({150, 1, 1}, values), none = filled<float>({150, 1, 1}, nan);
  on_every_engine(
      [&](const Runner& run) {
        const Image x = run("MaximumXProjection", {}, {&line});
        expect_pixels<float>(x, {-5});
        EXPECT_TRUE(std::isnan(run("MaximumXProjection", {}, {&none}).pixels<float>()[0]));
        const Image up = run("Reslice3D", {{"from", "left"}}, {&line});  // along z
        expect_pixels<float>(run("MinimumZProjection", {}, {&up}), {-infinity});
        expect_pixels<float>(run("MaximumZProjection", {}, {&up}), {-5});
        const Image across = run("Reslice3D", {{"from", "left"}}, {&up});  // along y
        expect_pixels<float>(run("MaximumYProjection", {}, {&across}), {-5});
      },
      false);  // OpenCV's own maximum takes NaN or not as it comes
}

TEST(Projections, SumsPassSixteenBitsAndEndAtThirtyTwo) {
  const Image deep = filled<std::uint16_t>({5, 1, 1000}, 65535),
              deeper = filled<std::uint16_t>({3, 1, 65540}, 65535);
  on_every_engine([&](const Runner& run) {
    expect_equal(run("SumZProjection", {}, {&deep}), filled<std::uint32_t>({5, 1, 1}, 65535000));
    expect_equal(run("MeanZProjection", {}, {&deep}), filled<float>({5, 1, 1}, 65535));
    expect_equal(run("MeanZProjection", {}, {&deeper}), filled<float>({3, 1, 1}, 65535));
    expect_equal(run("SumZProjection", {}, {&deeper}),
                 filled<std::uint32_t>({3, 1, 1}, std::numeric_limits<std::uint32_t>::max()));
  });
}

TEST(Projections, SumsOfLargeOffsetsKeepTheirDigits) {
  constexpr std::int64_t slices = 20000;
  std::vector<float> values;
  double sum = 0;
  for (std::int64_t z = 0; z < slices; ++z) {
    values.push_back(30000.1f + static_cast<float>(z % 7) * 0.01f);
    sum += static_cast<double>(values.back());
  }
  const Image image = image_of<float>({1, 1, slices}, values);
  const Image infinite = image_of<float>({1, 1, 3}, {1, infinity, 2});
  on_every_engine([&](const Runner& run) {
    const float total = run("SumZProjection", {}, {&image}).pixels<float>()[0];
    EXPECT_NEAR(static_cast<double>(total), sum, 64);  // an ULP there is 64
    const float mean = run("MeanZProjection", {}, {&image}).pixels<float>()[0];
    EXPECT_NEAR(static_cast<double>(mean), sum / slices, 0.004);
    expect_pixels<float>(run("SumZProjection", {}, {&infinite}), {infinity});
  });
}

TEST(Affine, TheIdentityIsTheImage) {
  for (const DType dtype : grey)
    on_every_engine([&](const Runner& run) {
      const Image image = noise({33, 17, 5}, dtype);
      for (const char* interpolation : {"linear", "nearest"}) {
        const Settings how{{"interpolation", interpolation}};
        const auto with = [&](Settings settings) {
          settings.insert(settings.end(), how.begin(), how.end());
          return settings;
        };
        expect_equal(run("AffineTransform3D",
                         with({{"row_x", "1x0x0"},
                               {"row_y", "0x1x0"},
                               {"row_z", "0x0x1"},
                               {"translation", "0"}}),
                         {&image}),
                     image);
        expect_equal(run("Translate3D", with({{"distance", "0"}}), {&image}), image);
        expect_equal(run("Scale3D", with({{"factor", "1"}}), {&image}), image);
        expect_equal(run("RotateAngle3D", with({{"angle", "0"}}), {&image}), image);
        expect_equal(run("RotateAngle3D", with({{"angle", "-360"}}), {&image}), image);
      }
    });
}

TEST(Affine, TranslationByWholeVoxelsShiftsAndFillsWithZeros) {
  const Image image = noise({19, 8, 6}, DType::u16);
  Image expected = filled<std::uint16_t>(image.shape(), 0);
  const Index distance{5, -3, 2};
  for (std::int64_t z = 2; z < 6; ++z)
    for (std::int64_t y = 0; y < 5; ++y)
      for (std::int64_t x = 5; x < 19; ++x)
        expected.pixels<std::uint16_t>()[offset(image.shape(), x, y, z)] =
            image.pixels<std::uint16_t>()[offset(image.shape(), x - distance.x, y - distance.y,
                                                 z - distance.z)];
  on_every_engine([&](const Runner& run) {
    for (const char* interpolation : {"linear", "nearest"})
      expect_equal(
          run("Translate3D", {{"distance", "5x-3x2"}, {"interpolation", interpolation}}, {&image}),
          expected);
    EXPECT_EQ(range_of(run("Translate3D", {{"distance", "1e6"}}, {&image})).maximum, 0);
  });
}

TEST(Affine, RightAnglesAreQuarterTurns) {
  for (const DType dtype : grey)
    on_every_engine([&](const Runner& run) {
      const Image square = noise({34, 34, 3}, dtype), odd = noise({33, 33, 2}, dtype),
                  oblong = noise({40, 23, 2}, dtype);
      for (const char* interpolation : {"linear", "nearest"}) {
        const auto rotated = [&](const char* angle, const Image& image) {
          return run("RotateAngle3D", {{"angle", angle}, {"interpolation", interpolation}},
                     {&image});
        };
        for (const Image* image : {&square, &odd}) {
          expect_equal(rotated("90", *image), run("Rotate3D", {{"turns", "1"}}, {image}));
          expect_equal(rotated("-90", *image), run("Rotate3D", {{"turns", "3"}}, {image}));
        }
        expect_equal(rotated("180", oblong), run("Rotate3D", {{"turns", "2"}}, {&oblong}));
      }
    });
}

TEST(Affine, HalvesBetweenVoxelsGoUpAndOutsideCountsAsZero) {
  const Image image = image_of<float>({4, 1, 1}, {8, 4, 2, 1});
  on_every_engine([&](const Runner& run) {
    expect_pixels<float>(run("Translate2D", {{"distance", "0.5x0"}}, {&image}), {4, 6, 3, 1.5f});
    // Of p - 1/2 the nearest is floor(p).
    expect_pixels<float>(
        run("Translate2D", {{"distance", "0.5x0"}, {"interpolation", "nearest"}}, {&image}),
        {8, 4, 2, 1});
    expect_pixels<float>(
        run("Translate2D", {{"distance", "-0.5x0"}, {"interpolation", "nearest"}}, {&image}),
        {4, 2, 1, 0});
  });
}

TEST(Affine, CoordinatesBeyondTheFixedPointAreRefused) {
  const Image image = noise({8000, 1, 1}, DType::u8);
  on_every_engine(
      [&](const Runner& run) {
        EXPECT_THROW(run("AffineTransform2D", {{"row_x", "1000x0"}}, {&image}), NotMeasurable);
      },
      false);
}

TEST(Resample, SameSpacingIsTheImageAndConstantsStay) {
  const Image image = noise({21, 9, 4}, DType::f32), flat = filled<float>({21, 9, 4}, 30000.1f);
  on_every_engine([&](const Runner& run) {
    expect_equal(run("Resample3D", {{"from_spacing", "0.3"}, {"to_spacing", "0.3"}}, {&image}),
                 image);
    const Image other =
        run("Resample3D", {{"from_spacing", "0.25"}, {"to_spacing", "0.125x1x0.5"}}, {&flat});
    EXPECT_EQ(other.shape(), (Shape{42, 2, 2}));
    EXPECT_NEAR(range_of(other).minimum, 30000.1, 0.01);
    EXPECT_NEAR(range_of(other).maximum, 30000.1, 0.01);
  });
}

TEST(Resample, NearlyHalfWayLevelsAreDecidedExactly) {
  // Steps a little below 2 put most values within some 2^-22 of half-way between two levels.
  Image image = noise({1030, 40, 1}, DType::u16);
  for (auto& value : image.pixels<std::uint16_t>())
    value = static_cast<std::uint16_t>(value % 4 < 2 ? value % 4 : 65531 + value % 4);
  for (const char* step : {"1.9999999x1.9999999", "1.9999997x1.75", "1.9999999x2"}) {
    std::optional<Image> expected;
    on_every_engine(
        [&](const Runner& run) {
          Image result =
              run("Resample2D", {{"from_spacing", "1x1"}, {"to_spacing", step}}, {&image});
          if (expected)
            expect_equal(result, *expected);
          else
            expected = std::move(result);
        },
        false);
  }
}

TEST(Resample, TwiceTheSpacingIsTheMeanOfTwo) {
  const Image image = image_of<float>({6, 1, 1}, {0, 2, 4, 10, 7, 9});
  on_every_engine([&](const Runner& run) {
    expect_pixels<float>(
        run("Resample2D", {{"from_spacing", "1x1"}, {"to_spacing", "2x1"}}, {&image}), {1, 7, 8});
    // Positions -1/4, 1/4, 3/4 ...; before the first voxel counts the first.
    const Image finer =
        run("Resample2D", {{"from_spacing", "1x1"}, {"to_spacing", "0.5x1"}}, {&image});
    EXPECT_EQ(finer.shape(), (Shape{12, 1, 1}));
    EXPECT_EQ(finer.pixels<float>()[0], 0.0f);
    EXPECT_EQ(finer.pixels<float>()[1], 0.5f);
    EXPECT_EQ(finer.pixels<float>()[2], 1.5f);
    EXPECT_EQ(finer.pixels<float>()[11], 9.0f);
  });
}

TEST(RadialReslice, FollowsTheAxes) {
  const Image image = noise({20, 13, 4}, DType::u16);
  on_every_engine([&](const Runner& run) {
    for (const char* mode : {"linear", "clij"}) {
      const Image result =
          run("RadialReslice", {{"angles", "4"}, {"step", "90"}, {"mode", mode}}, {&image});
      EXPECT_EQ(result.shape(), (Shape{11, 4, 4}));  // floor(sqrt(10^2 + 6^2)) radii
      const auto in = image.pixels<std::uint16_t>();
      for (std::int64_t z = 0; z < 4; ++z)
        for (std::int64_t radius = 0; radius < 6; ++radius) {
          const auto out = [&](std::int64_t angle) {
            return result.pixels<std::uint16_t>()[offset(result.shape(), radius, z, angle)];
          };
          EXPECT_EQ(out(0), in[offset(image.shape(), 10, 6 + radius, z)]);
          EXPECT_EQ(out(1), in[offset(image.shape(), 10 + radius, 6, z)]);
          EXPECT_EQ(out(2), in[offset(image.shape(), 10, 6 - radius, z)]);
          EXPECT_EQ(out(3), in[offset(image.shape(), 10 - radius, 6, z)]);
        }
      // Beyond the image: 0, or the nearest pixel inside.
      const auto beyond = result.pixels<std::uint16_t>()[offset(result.shape(), 10, 0, 0)];
      EXPECT_EQ(beyond, mode == std::string("linear") ? 0 : in[offset(image.shape(), 10, 12, 0)]);
    }
  });
}

}  // namespace
}  // namespace voxelmark
