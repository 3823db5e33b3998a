#include "datasets/tiff_volume.hpp"

#include <fstream>
#include <thread>

#include "datasets/open_volume.hpp"
#include "tests/image_makers.hpp"
#include "tests/tiff_pages.hpp"
#include "tests/volume_regions.hpp"

namespace voxelmark {
namespace {

class TiffVolumeTest : public TiffTest {
 protected:
  /// Reads regions of a file whose only frame read_tiff reads too.
  void expect_regions(const TiffSelection& selection = {}) {
    const Image image = read_tiff(path, selection);
    const auto volume = open_tiff_volume(path, selection);
    const VolumeInfo& info = volume->info();
    ASSERT_EQ(info.shape, image.shape());
    ASSERT_EQ(info.dtype, image.dtype());
    EXPECT_EQ(info.spacing, image.spacing());
    EXPECT_EQ(info.frames, 1);
    EXPECT_EQ(info.chunk, (Shape{image.shape().x, image.shape().y, 1}));
    for (const Region& region : regions_of(info.shape))
      EXPECT_TRUE(equal(read_region(*volume, region), crop(image, region))) << to_text(region);
  }
};

TEST_F(TiffVolumeTest, EveryLayoutIsReadByRegions) {
  for (const std::string mode : {"wl", "wb", "wb8"})
    for (const std::uint32_t tile : {0, 16})
      for (const int compression : {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE})
        for (const std::uint16_t bits : std::initializer_list<std::uint16_t>{8, 16, 32}) {
          SCOPED_TRACE(mode + " " + std::to_string(tile) + " " + std::to_string(bits));
          Page page{.width = 37, .height = 21, .bits = bits};
          page.compression = static_cast<std::uint16_t>(compression);
          page.tile = tile;
          page.rows = 4;
          write_pages(path, mode.c_str(), {page.fill(1), page.fill(2), page.fill(3)});
          expect_regions();
        }
}

TEST_F(TiffVolumeTest, SpacingAndOnePageForAllAreRead) {
  write_tiff(path, numbered({7, 5, 4}, DType::u16, {0.5, 0.5, 2}));
  expect_regions();
  Bytes bytes = read_bytes(path);
  put_number(bytes, next_position(bytes, number_at(bytes, 4, 4)), 0);
  write_bytes(path, bytes);
  expect_regions();
}

TEST_F(TiffVolumeTest, TimePointsOfHyperstacksAreFrames) {
  const auto pages = hyperstack("ImageJ=1.53t\nimages=24\nchannels=2\nslices=3\nframes=4\n", 24);
  write_pages(path, "w", pages);
  const auto volume = open_tiff_volume(path, {1, {}});
  EXPECT_EQ(volume->info().frames, 4);
  EXPECT_EQ(volume->info().shape.z, 3);
  for (int frame = 0; frame < 4; ++frame) {
    const Region whole{{}, volume->info().shape};
    EXPECT_TRUE(equal(read_region(*volume, whole, frame), read_tiff(path, {1, frame})));
  }
  expect_regions({0, 2});
  EXPECT_THROW(read_region(*volume, {{}, volume->info().shape}, 4), std::logic_error);

  const auto refused = [&](const TiffSelection& selection) -> std::string {
    try {
      open_tiff_volume(path, selection);
    } catch (const BadInput& error) {
      return error.what();
    }
    return "was opened";
  };
  expect_says(refused({}), "is a hyperstack (channels: 2, frames: 4)");
  expect_says(refused({2, {}}), "has no channel 2");
  expect_says(refused({0, 4}), "has no frame 4");
}

TEST_F(TiffVolumeTest, DamageIsFoundWhereItIsRead) {
  write_tiff(path, numbered({64, 64, 2}, DType::u8));
  const auto volume = open_tiff_volume(path);
  Bytes bytes = read_bytes(path);
  bytes.pop_back();
  write_bytes(path, bytes);
  EXPECT_NO_THROW(read_region(*volume, {{0, 0, 0}, {64, 64, 1}}));
  try {
    read_region(*volume, {{0, 0, 0}, {64, 64, 2}});
    FAIL();
  } catch (const BadInput& error) {
    expect_says(error.what(), path.string() + ": page 2 cannot be read");
  }
}

TEST_F(TiffVolumeTest, NegativeValuesAreRefused) {
  Page page{.width = 4, .height = 4, .bits = 32, .format = SAMPLEFORMAT_INT};
  page.fill(1);
  page.pixels.back() = 0xff;
  page.rows = 1;
  write_pages(path, "wl", {page});
  const auto volume = open_tiff_volume(path);
  EXPECT_NO_THROW(read_region(*volume, {{0, 0, 0}, {4, 3, 1}}));
  EXPECT_THROW(read_region(*volume, {{0, 3, 0}, {1, 1, 1}}), BadInput);
}

TEST_F(TiffVolumeTest, ThreadsReadAtOnce) {
  const Image image = numbered({31, 17, 5}, DType::u16);
  write_tiff(path, image);
  const auto volume = open_tiff_volume(path);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        for (const Region& region : regions_of(image.shape()))
          EXPECT_TRUE(equal(read_region(*volume, region), crop(image, region)));
    });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(TiffVolumeTest, FilesAndFoldersAreToldApart) {
  const Image image = numbered({31, 17, 5}, DType::u16);
  write_tiff(path, image);
  const auto volume = open_volume(path);
  const Region whole{{}, image.shape()};
  EXPECT_TRUE(equal(read_region(*volume, whole), image));
  const auto writer = create_ome_zarr(folder / "copy.zarr", volume->info());
  writer->write(whole, 0, image);
  writer->finish();
  EXPECT_TRUE(equal(read_region(*open_volume(folder / "copy.zarr"), whole), image));
  EXPECT_THROW(open_volume(folder / "absent"), BadInput);
  EXPECT_THROW(open_volume(path, {.level = 1}), BadInput);
  EXPECT_THROW(open_volume(folder.path()), BadInput);
}

}  // namespace
}  // namespace voxelmark
