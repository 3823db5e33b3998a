#include "validate/pictures.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "engines/core/error.hpp"
#include "tests/image_makers.hpp"
#include "tests/png_reader.hpp"
#include "tests/temporary_folder.hpp"

namespace voxelmark {
namespace {

class Pictures : public testing::Test {
 protected:
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "picture.png";
};

using Rgb = std::array<int, 3>;
constexpr Rgb black{0, 0, 0}, white{255, 255, 255}, orange{230, 159, 0}, blue{86, 180, 233};

struct Picture : Png {
  explicit Picture(const std::filesystem::path& path)
      : Png(contents(std::ifstream(path, std::ios::binary)), PNG_FORMAT_RGB) {}
  Rgb at(int x, int y) const {
    const png_byte* const pixel = &bytes.at(static_cast<std::size_t>(3) * (y * width + x));
    return {pixel[0], pixel[1], pixel[2]};
  }

 private:
  static std::string contents(std::ifstream file) {
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

void paint(Image& image, const Region& region, std::uint32_t label) {
  for (std::int64_t z = region.origin.z; z < region.origin.z + region.extent.z; ++z)
    for (std::int64_t y = region.origin.y; y < region.origin.y + region.extent.y; ++y)
      for (std::int64_t x = region.origin.x; x < region.origin.x + region.extent.x; ++x)
        image.pixels<std::uint32_t>()[offset(image.shape(), x, y, z)] = label;
}

TEST_F(Pictures, OverlayColoursOutlinesAndInsides) {
  const Shape shape{16, 8, 1};
  Image reference = filled<std::uint32_t>(shape, 0), test = filled<std::uint32_t>(shape, 0);
  paint(reference, {{2, 1, 0}, {5, 5, 1}}, 1);
  paint(test, {{3, 1, 0}, {5, 5, 1}}, 9);
  paint(reference, {{11, 2, 0}, {5, 6, 1}}, 2);  // at the border, on one side alone
  const auto picture = overlay_png(path, reference, test);
  EXPECT_EQ(picture.slice, 0);
  // Outline of one side alone or foreground of one side alone, in the rows of 1 to 5: 2, 3, 6, 7;
  // but 3 and 6 of the first and last row are outline of both. And the label at the border.
  EXPECT_EQ(picture.disagreeing, 5 * 4 - 2 * 2 + 5 * 6);
  const Picture png(path);
  ASSERT_EQ(png.width, 512);
  ASSERT_EQ(png.height, 256);
  const auto voxel = [&](int x, int y) {
    EXPECT_EQ(png.at(32 * x, 32 * y), png.at(32 * x + 31, 32 * y + 31));
    return png.at(32 * x + 16, 32 * y + 16);
  };
  EXPECT_EQ(voxel(0, 0), black);
  EXPECT_EQ(voxel(2, 3), orange);
  EXPECT_EQ(voxel(7, 3), blue);
  EXPECT_EQ(voxel(3, 3), blue);
  EXPECT_EQ(voxel(6, 3), orange);
  EXPECT_EQ(voxel(4, 1), white);
  EXPECT_EQ(voxel(3, 5), white);
  EXPECT_EQ(voxel(4, 3), (Rgb{0, 47, 35}));   // inside both: green
  EXPECT_EQ(voxel(13, 5), (Rgb{92, 64, 0}));  // inside the reference alone: orange
  EXPECT_EQ(voxel(15, 5), (Rgb{92, 64, 0}));  // the image's border is no outline
  EXPECT_EQ(voxel(11, 5), orange);
  EXPECT_EQ(voxel(15, 2), orange);
  overlay_png(path, test, reference);
  EXPECT_EQ(Picture(path).at(32 * 13 + 16, 32 * 5 + 16), (Rgb{34, 72, 93}));
  EXPECT_EQ(Picture(path).at(32 * 2 + 16, 32 * 3 + 16), blue);
}

TEST_F(Pictures, OverlayPartsLabelsThatTouch) {
  const Shape shape{8, 8, 1};
  Image reference = filled<std::uint32_t>(shape, 1), test = filled<std::uint32_t>(shape, 5);
  EXPECT_EQ(overlay_png(path, reference, test).disagreeing, 0);  // numbers do not matter
  paint(test, {{4, 0, 0}, {4, 8, 1}}, 6);
  EXPECT_EQ(overlay_png(path, reference, test).disagreeing, 16);
  const Picture png(path);
  EXPECT_EQ(png.at(64 * 3, 0), blue);
  EXPECT_EQ(png.at(64 * 4, 0), blue);
  for (const int edge : {0, 511})  // the image's border is no outline
    EXPECT_EQ(png.at(edge, edge), (Rgb{0, 47, 35}));
}

TEST_F(Pictures, OverlayShowsTheSliceWithTheMostDisagreement) {
  const Shape shape{8, 8, 4};
  Image reference = filled<std::uint32_t>(shape, 0), test = filled<std::uint32_t>(shape, 0);
  paint(reference, {{0, 0, 1}, {8, 8, 1}}, 3);  // large, but the same on both sides
  paint(test, {{0, 0, 1}, {8, 8, 1}}, 4);
  paint(reference, {{1, 1, 2}, {3, 3, 1}}, 1);
  paint(test, {{5, 5, 3}, {2, 2, 1}}, 1);
  const auto picture = overlay_png(path, reference, test);
  EXPECT_EQ(picture.slice, 2);
  EXPECT_EQ(picture.disagreeing, 9);
  EXPECT_EQ(Picture(path).at(64, 64), orange);
  EXPECT_EQ(overlay_png(path, reference, reference).slice, 0);
}

TEST_F(Pictures, OverlayLiesOverItsBackground) {
  const Shape shape{4, 1, 2};
  Image labels = filled<std::uint32_t>(shape, 0), none = filled<std::uint32_t>(shape, 0);
  paint(labels, {{3, 0, 1}, {1, 1, 1}}, 1);
  Image grey(shape, DType::u16);
  const auto values = grey.pixels<std::uint16_t>();
  std::fill(values.begin(), values.end(), 60000);  // the other slice's do not count
  values[4] = 100;
  values[5] = 200;
  values[6] = values[7] = 300;
  EXPECT_EQ(overlay_png(path, labels, none, &grey).slice, 1);
  const Picture png(path);
  EXPECT_EQ(png.at(0, 0), black);
  EXPECT_EQ(png.at(128, 0), (Rgb{100, 100, 100}));
  EXPECT_EQ(png.at(256, 0), (Rgb{200, 200, 200}));
  EXPECT_EQ(png.at(384, 0), orange);
  const Image flat = filled<float>(shape, 5.f);
  overlay_png(path, labels, none, &flat);
  EXPECT_EQ(Picture(path).at(256, 0), black);
}

TEST_F(Pictures, DifferenceIsBlueBelowAndRedAboveZero) {
  Image reference = filled<std::uint8_t>({4, 2, 1}, 100), test = reference.clone();
  test.pixels<std::uint8_t>()[1] = 110;
  test.pixels<std::uint8_t>()[2] = 60;
  test.pixels<std::uint8_t>()[4] = 140;
  const auto picture = difference_png(path, reference, test);
  EXPECT_EQ(picture.slice, 0);
  EXPECT_EQ(picture.scale, 40);
  const Picture png(path);
  ASSERT_EQ(png.width, 512);
  ASSERT_EQ(png.height, 256);
  EXPECT_EQ(png.at(0, 0), white);
  EXPECT_EQ(png.at(256, 0), (Rgb{33, 102, 172}));
  EXPECT_EQ(png.at(0, 128), (Rgb{178, 24, 43}));
  const Rgb faint = png.at(128, 0);  // red, and well seen
  EXPECT_EQ(faint, (Rgb{224, 163, 170}));

  EXPECT_EQ(difference_png(path, reference, reference).scale, 0);
  EXPECT_EQ(Picture(path).at(128, 0), white);
}

TEST_F(Pictures, DifferenceShowsTheWorstSliceAndWhatIsNotFinite) {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  Image reference = filled<float>({4, 1, 3}, 0), test = reference.clone();
  const auto values = test.pixels<float>();
  values[3] = 4;                           // slice 0: the largest |d|
  values[4] = values[5] = values[6] = -2;  // slice 1: the largest sum
  auto picture = difference_png(path, reference, test);
  EXPECT_EQ(picture.slice, 1);
  EXPECT_EQ(picture.scale, 2);
  EXPECT_EQ(Picture(path).at(0, 0), (Rgb{33, 102, 172}));
  EXPECT_EQ(Picture(path).at(384, 0), white);

  values[7] = -1;
  values[8] = 7;  // slice 2: as large a sum
  EXPECT_EQ(difference_png(path, reference, test).slice, 1);
  values[7] = 0;

  values[8] = nan;
  values[9] = infinity;
  values[10] = 1;
  values[11] = reference.pixels<float>()[11] = infinity;
  picture = difference_png(path, reference, test);
  EXPECT_EQ(picture.slice, 2);
  EXPECT_EQ(picture.scale, 1);
  const Picture png(path);
  EXPECT_EQ(png.at(0, 0), black);
  EXPECT_EQ(png.at(128, 0), (Rgb{178, 24, 43}));
  EXPECT_EQ(png.at(256, 0), (Rgb{178, 24, 43}));
  EXPECT_EQ(png.at(384, 0), white);
}

TEST_F(Pictures, ReducingKeepsASingleDifference) {
  Image reference = filled<std::uint16_t>({5000, 10, 1}, 1000), test = reference.clone();
  test.pixels<std::uint16_t>()[4 * 5000 + 301] = 1001;
  test.pixels<std::uint16_t>()[9 * 5000 + 4999] = 997;
  test.pixels<std::uint16_t>()[9 * 5000 + 4998] = 999;  // of its block the lesser
  EXPECT_EQ(difference_png(path, reference, test).scale, 3);
  const Picture png(path);
  ASSERT_EQ(png.width, 1667);
  ASSERT_EQ(png.height, 4);
  int coloured = 0;
  for (int y = 0; y < png.height; ++y)
    for (int x = 0; x < png.width; ++x) coloured += png.at(x, y) != white;
  EXPECT_EQ(coloured, 2);
  EXPECT_GT(png.at(100, 1)[0], png.at(100, 1)[2]);
  EXPECT_EQ(png.at(1666, 3), (Rgb{33, 102, 172}));

  Image labels = filled<std::uint32_t>({5000, 10, 1}, 0), none = labels.clone();
  paint(labels, {{301, 4, 0}, {1, 1, 1}}, 1);
  overlay_png(path, labels, none);
  EXPECT_EQ(Picture(path).at(100, 1), orange);
}

TEST_F(Pictures, AreEnlargedByWholeFactors) {
  const auto longer_side = [&](std::int64_t x, std::int64_t y) {
    const Image image = filled<std::uint8_t>({x, y, 1}, 0);
    difference_png(path, image, image);
    const Picture png(path);
    return std::max(png.width, png.height);
  };
  EXPECT_EQ(longer_side(1, 1), 512);
  EXPECT_EQ(longer_side(3, 300), 600);
  EXPECT_EQ(longer_side(511, 2), 1022);
  EXPECT_EQ(longer_side(512, 2), 512);
  EXPECT_EQ(longer_side(2048, 2), 2048);
  EXPECT_EQ(longer_side(2049, 2), 1025);
}

TEST_F(Pictures, NameTheFileThatCannotBeWritten) {
  const Image image = filled<std::uint32_t>({4, 4, 1}, 0);
  for (const auto& where :
       {folder / "missing" / "picture.png", folder.path(), std::filesystem::path("/dev/full")})
    for (const bool overlay : {false, true}) {
      try {
        if (overlay)
          overlay_png(where, image, image);
        else
          difference_png(where, image, image);
        ADD_FAILURE() << "written: " << where;
      } catch (const BadInput& error) {
        EXPECT_NE(std::string(error.what()).find(where.string()), std::string::npos)
            << error.what();
      }
    }
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(Pictures, RefuseImagesThatDoNotMatch) {
  const Image image = filled<std::uint32_t>({4, 4, 1}, 0),
              other = filled<std::uint32_t>({4, 5, 1}, 0);
  const Image grey = filled<std::uint8_t>({4, 4, 1}, 0);
  EXPECT_THROW(overlay_png(path, image, other), std::logic_error);
  EXPECT_THROW(overlay_png(path, grey, grey), std::logic_error);
  EXPECT_THROW(overlay_png(path, image, image, &other), std::logic_error);
  EXPECT_THROW(difference_png(path, image, other), std::logic_error);
  EXPECT_THROW(difference_png(path, image, grey), std::logic_error);
  EXPECT_THROW(difference_png(path, Image(), Image()), std::logic_error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace voxelmark
