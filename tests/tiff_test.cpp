#include "datasets/tiff.hpp"

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/image_makers.hpp"
#include "tests/tiff_pages.hpp"

namespace voxelmark {
namespace {

TEST_F(TiffTest, WhatIsWrittenIsRead) {
  for (const DType dtype : all_types)
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{7, 5, 3}, Shape{1, 9, 2}, Shape{64, 1, 4},
                               Shape{33, 17, 1}, Shape{2, 2, 40}}) {
      const Image image = numbered(shape, dtype);
      write_tiff(path, image);
      const Image again = read_tiff(path);
      EXPECT_TRUE(equal(image, again));
      EXPECT_EQ(again.spacing(), Spacing{});
    }
}

TEST_F(TiffTest, SpacingIsKeptToSixDigits) {
  for (const double scale : {1e-6, 1e-3, 0.1, 1.0, 7.77, 1234.5, 1e6})
    for (const DType dtype : {DType::u8, DType::u16, DType::f32})
      for (const std::int64_t slices : {1, 3}) {
        const Spacing spacing{0.37 * scale, 1.13 * scale, 2.9 * scale};
        write_tiff(path, numbered({4, 3, slices}, dtype, spacing));
        const Spacing read = read_tiff(path).spacing();
        EXPECT_NEAR(read.x / spacing.x, 1, 1e-6);
        EXPECT_NEAR(read.y / spacing.y, 1, 1e-6);
        EXPECT_NEAR(read.z / spacing.z, 1, 1e-6);
      }
  write_tiff(path, numbered({4, 3, 2}, DType::u32, {0.5, 0.5, 0.5}));
  EXPECT_EQ(read_tiff(path).spacing(), Spacing{}) << "ImageJ has no u32";
}

// ImageJ reads a stack from its first page's start on, whatever the other pages say.
TEST_F(TiffTest, WrittenSlicesLieWithoutGaps) {
  const Image image = numbered({7, 5, 3}, DType::u16);
  write_tiff(path, image);
  const Bytes bytes = read_bytes(path);
  const std::size_t start = number_at(bytes, value_position(bytes, TIFFTAG_STRIPOFFSETS), 4);
  ASSERT_EQ(bytes.size(), start + image.bytes());
  EXPECT_EQ(std::memcmp(bytes.data() + start, image.data(), image.bytes()), 0);
}

TEST_F(TiffTest, EveryLayoutIsRead) {
  struct Type {
    DType dtype;
    std::uint16_t bits, format;
  };
  const auto check = [&](const Type& type, const std::string& mode, int compression,
                         std::uint32_t tile, int predictor) {
    SCOPED_TRACE(to_string(type.dtype) + " " + mode + " compression " +
                 std::to_string(compression) + " predictor " + std::to_string(predictor) +
                 " tile " + std::to_string(tile));
    Page page{.width = 37, .height = 21, .bits = type.bits, .format = type.format};
    page.compression = static_cast<std::uint16_t>(compression);
    page.predictor = static_cast<std::uint16_t>(predictor);
    page.tile = tile;
    page.rows = 4;
    const std::vector<Page> pages{page.fill(1), page.fill(2)};
    write_pages(path, mode.c_str(), pages);
    expect_read(pages, type.dtype);
  };
  for (const Type& type :
       {Type{DType::u8, 8, SAMPLEFORMAT_UINT}, Type{DType::u16, 16, SAMPLEFORMAT_UINT},
        Type{DType::u32, 32, SAMPLEFORMAT_UINT}, Type{DType::u32, 32, SAMPLEFORMAT_INT},
        Type{DType::f32, 32, SAMPLEFORMAT_IEEEFP}})
    for (const std::string mode : {"wl", "wb", "wl8", "wb8"})
      for (const std::uint32_t tile : {0, 16, 32}) {
        for (const int compression : {COMPRESSION_NONE, COMPRESSION_PACKBITS})
          check(type, mode, compression, tile, PREDICTOR_NONE);
        for (const int compression :
             {COMPRESSION_LZW, COMPRESSION_DEFLATE, COMPRESSION_ADOBE_DEFLATE}) {
          check(type, mode, compression, tile, PREDICTOR_NONE);
          check(type, mode, compression, tile, PREDICTOR_HORIZONTAL);
          // libtiff 4.5 writes this predictor's bytes in the wrong order into big-endian files.
          if (type.dtype == DType::f32 && mode.starts_with("wl"))
            check(type, mode, compression, tile, PREDICTOR_FLOATINGPOINT);
        }
      }
}

TEST_F(TiffTest, OtherExactCompressionsAreRead) {
  for (const int compression : {COMPRESSION_LZMA, COMPRESSION_ZSTD}) {
    if (!TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression))) continue;
    Page page{.width = 37, .height = 21, .bits = 16};
    page.compression = static_cast<std::uint16_t>(compression);
    write_pages(path, "w", {page.fill(3)});
    expect_read({page}, DType::u16);
  }
}

TEST_F(TiffTest, PaletteAndInvertedImagesAreReadAsStored) {
  for (const int photometric : {PHOTOMETRIC_PALETTE, PHOTOMETRIC_MINISWHITE}) {
    Page page;
    page.photometric = static_cast<std::uint16_t>(photometric);
    write_pages(path, "w", {page.fill(4)});
    expect_read({page}, DType::u8);
  }
}

TEST_F(TiffTest, HighlyCompressedPixelsAreRead) {
  for (const int compression : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS,
                                COMPRESSION_LZMA, COMPRESSION_ZSTD}) {
    if (!TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression))) continue;
    Page page{.width = 4096, .height = 4096};
    page.compression = static_cast<std::uint16_t>(compression);
    page.pixels.assign(std::size_t{4096} * 4096, 0);
    write_pages(path, "w", {page});
    expect_read({page}, DType::u8);
  }
}

TEST_F(TiffTest, SpacingOfImageJIsInMicrometres) {
  const std::vector<std::pair<std::string, double>> units{
      {"micron", 1},    {"\xC2\xB5m", 1}, {"\xB5m", 1}, {"um", 1},   {"\\u00B5m", 1},
      {"\xCE\xBCm", 1}, {"nm", 1e-3},     {"mm", 1e3},  {"cm", 1e4}, {"inch", 25400}};
  for (const auto& [unit, scale] : units) {
    Page page{.description = "ImageJ=1.53t\nunit=" + unit + "\nspacing=1.5\nloop=false\n",
              .resolution = 4};
    write_pages(path, "w", {page.fill(1)});
    const Spacing spacing = read_tiff(path).spacing();
    EXPECT_DOUBLE_EQ(spacing.x, 0.25 * scale) << unit;
    EXPECT_DOUBLE_EQ(spacing.y, 0.5 * scale) << unit;
    EXPECT_DOUBLE_EQ(spacing.z, 1.5 * scale) << unit;
  }
  Page page{.description = "ImageJ=1.53t\nunit=nm\nyunit=mm\nzunit=sec\nspacing=-3\n",
            .resolution = 4};
  write_pages(path, "w", {page.fill(1)});
  EXPECT_EQ(read_tiff(path).spacing(), (Spacing{0.25e-3, 500, 1}));
  page.description = "ImageJ=1.53t\nunit=nm\nspacing=-3\n";
  write_pages(path, "w", {page});
  EXPECT_DOUBLE_EQ(read_tiff(path).spacing().z, 3e-3);
  for (const char* senseless : {"0", "nan", "inf", "1e308", "x", ""}) {
    page.description = "ImageJ=1.53t\nunit=cm\nspacing=" + std::string(senseless) + "\n";
    write_pages(path, "w", {page});
    EXPECT_EQ(read_tiff(path).spacing().z, 1e4) << senseless;
  }
}

TEST_F(TiffTest, SpacingIsOneWithoutUnitOfLength) {
  for (const std::string description :
       {"", "ImageJ=1.53t\n", "ImageJ=1.53t\nunit=pixel\nspacing=3\n", "unit=micron\nspacing=3\n",
        "ImageJ=1.53t\nunit=\nspacing=3\n", "ImageJ=1.53t\nunit=sec\nspacing=3\n"})
    for (const int unit : {RESUNIT_NONE, RESUNIT_INCH, RESUNIT_CENTIMETER}) {
      Page page{.description = description, .resolution = 72};
      page.resolution_unit = static_cast<std::uint16_t>(unit);
      write_pages(path, "w", {page.fill(1)});
      EXPECT_EQ(read_tiff(path).spacing(), Spacing{}) << description << unit;
    }
}

TEST_F(TiffTest, HyperstacksAreReadByChannelAndFrame) {
  const auto pages = hyperstack("ImageJ=1.53t\nimages=24\nchannels=2\nslices=3\nframes=4\n", 24);
  write_pages(path, "wb", pages);
  for (int channel = 0; channel < 2; ++channel)
    for (int frame = 0; frame < 4; ++frame) {
      std::vector<Page> wanted;
      for (int z = 0; z < 3; ++z) wanted.push_back(pages.at((frame * 3 + z) * 2 + channel));
      expect_read(wanted, DType::u8, {channel, frame});
    }
  for (const TiffSelection& selection : {TiffSelection{}, {1, {}}, {{}, 1}}) {
    expect_says(refusal(selection), "channels: 2");
    expect_says(refusal(selection), "frames: 4");
    expect_says(refusal(selection), "--channel and --frame");
  }
  expect_says(refusal({2, 0}), "has no channel 2; it holds 2, counted from 0");
  expect_says(refusal({-1, 0}), "has no channel -1");
  expect_says(refusal({0, 4}), "has no frame 4; it holds 4");
}

TEST_F(TiffTest, OneChannelAndFrameNeedNoSelection) {
  const auto pages = hyperstack("ImageJ=1.53t\nimages=3\nslices=3\n", 3);
  write_pages(path, "w", pages);
  expect_read(pages, DType::u8);
  expect_read(pages, DType::u8, {0, 0});
  expect_says(refusal({1, {}}), "has no channel 1");
  const auto frames = hyperstack("ImageJ=1.53t\nimages=3\nframes=3\n", 3);
  write_pages(path, "w", frames);
  expect_read({frames[1]}, DType::u8, {{}, 1});
  expect_says(refusal({0, {}}), "frames: 3");
}

// ImageJ's form past 4 GB: what write_tiff makes, with the chain cut behind the first page.
TEST_F(TiffTest, OnePageStandsForAll) {
  for (const DType dtype : {DType::u8, DType::u16, DType::f32}) {
    const Image image = numbered({7, 5, 4}, dtype, {0.5, 0.5, 2});
    write_tiff(path, image);
    Bytes bytes = read_bytes(path);
    put_number(bytes, next_position(bytes, number_at(bytes, 4, 4)), 0);
    write_bytes(path, bytes);
    const Image again = read_tiff(path);
    EXPECT_TRUE(equal(image, again));
    EXPECT_DOUBLE_EQ(again.spacing().z, 2);
    bytes.pop_back();
    write_bytes(path, bytes);
    expect_says(refusal(), "counts 4 images, but the file holds 1; it is truncated");
  }
}

TEST_F(TiffTest, ThreadsReadAtOnce) {
  const Image image = numbered({31, 17, 5}, DType::u16);
  write_tiff(path, image);
  const fs::path broken = folder / "broken.tif";
  Bytes bytes = read_bytes(path);
  bytes.resize(bytes.size() / 2);
  write_bytes(broken, bytes);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_TRUE(equal(image, read_tiff(path)));
        EXPECT_THROW(read_tiff(broken), BadInput);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(TiffTest, TenThousandPagesTakeNoTime) {
  const auto seconds = [start = std::chrono::steady_clock::now()] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const Image image = numbered({4, 3, 10000}, DType::u8);
  write_tiff(path, image);
  EXPECT_TRUE(equal(image, read_tiff(path)));
  EXPECT_LT(seconds(), 20);
}

TEST_F(TiffTest, FailedWritesLeaveNothing) {
  const Image image = numbered({64, 64, 4}, DType::u16);
  const auto failure = [&](const fs::path& target, const Image& written) -> std::string {
    try {
      write_tiff(target, written);
    } catch (const BadInput& error) {
      expect_says(error.what(), "cannot write " + target.string());
      return error.what();
    }
    return "was written";
  };
  fs::create_directory(folder / "sub");
  expect_says(failure(folder / "sub", image), "directory");
  expect_says(failure(folder / "absent" / "image.tif", image), "No such file or directory");
  expect_says(failure(path, Image()), "no pixels");
  expect_says(failure(path, numbered({1, 1, 1}, DType::u8, {0, 1, 1})), "spacing of 0");
  expect_says(failure(path, numbered({1, 1, 1}, DType::u8, {1, 1, NAN})), "spacing of nan");

  // A limit on files' sizes is the full disk that needs no disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  for (const rlim_t limit : {0, 100, 10000}) {
    const rlimit lower{limit, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lower);
    const std::string message = failure(path, image);
    setrlimit(RLIMIT_FSIZE, &old);
    expect_says(message, "File too large");
  }
  EXPECT_EQ(files_left(), std::vector<std::string>{"sub"});
}

TEST_F(TiffTest, FilesPastFourGigabytes) {
  if (!std::getenv("VOXELMARK_LARGE_TESTS")) GTEST_SKIP() << "set VOXELMARK_LARGE_TESTS to run";
  Image image({65536, 16384, 5}, DType::u8, {0.5, 0.25, 2});
  auto pixels = image.pixels<std::uint8_t>();
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>((i * 2654435761u) >> 24);
  write_tiff(path, image);
  const Image again = read_tiff(path);
  EXPECT_TRUE(equal(image, again));
  EXPECT_EQ(again.spacing(), image.spacing());
}

}  // namespace
}  // namespace voxelmark
