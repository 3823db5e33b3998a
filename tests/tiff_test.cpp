#include "datasets/tiff.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <tiffio.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "engines/core/error.hpp"

namespace voxelmark {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

/// A page as libtiff is to write it. Pixels are filled by fill().
struct Page {
  std::uint32_t width = 7, height = 5;
  std::uint16_t bits = 8, format = SAMPLEFORMAT_UINT, samples = 1;
  std::uint16_t compression = COMPRESSION_NONE, predictor = PREDICTOR_NONE;
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  std::uint32_t tile = 0, rows = 0;  ///< 0: strips; one strip
  std::string description = {};
  float resolution = 0;
  std::uint16_t resolution_unit = 0;
  Bytes pixels = {};

  std::size_t pixel_bytes() const { return std::size_t{bits} / 8 * samples; }

  Page& fill(unsigned seed) {
    pixels.resize(std::size_t{width} * height * std::max<std::size_t>(1, pixel_bytes()));
    std::mt19937 random(seed);
    // Runs, so that every compression has something to find; exponents that are no NaN.
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = i % 4 == 3 ? 65 : static_cast<std::uint8_t>(random() % 4 ? 9 : random());
    return *this;
  }
};

void set_tags(TIFF* file, const Page& page) {
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, page.width);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, page.height);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, page.bits);
  TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, page.format);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, page.samples);
  TIFFSetField(file, TIFFTAG_COMPRESSION, page.compression);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, page.photometric);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  if (page.predictor != PREDICTOR_NONE) TIFFSetField(file, TIFFTAG_PREDICTOR, page.predictor);
  if (!page.description.empty())
    TIFFSetField(file, TIFFTAG_IMAGEDESCRIPTION, page.description.c_str());
  if (page.resolution > 0) {
    TIFFSetField(file, TIFFTAG_XRESOLUTION, page.resolution);
    TIFFSetField(file, TIFFTAG_YRESOLUTION, page.resolution / 2);
  }
  if (page.resolution_unit) TIFFSetField(file, TIFFTAG_RESOLUTIONUNIT, page.resolution_unit);
  if (page.photometric == PHOTOMETRIC_PALETTE) {
    std::vector<std::uint16_t> colours(std::size_t{1} << page.bits, 1000);
    TIFFSetField(file, TIFFTAG_COLORMAP, colours.data(), colours.data(), colours.data());
  }
}

void write_tiles(TIFF* file, const Page& page) {
  TIFFSetField(file, TIFFTAG_TILEWIDTH, page.tile);
  TIFFSetField(file, TIFFTAG_TILELENGTH, page.tile);
  const std::size_t pixel = page.pixel_bytes();
  for (std::uint32_t y = 0; y < page.height; y += page.tile)
    for (std::uint32_t x = 0; x < page.width; x += page.tile) {
      Bytes tile(std::size_t{page.tile} * page.tile * pixel, 77);
      for (std::uint32_t row = 0; row < std::min(page.tile, page.height - y); ++row)
        std::memcpy(tile.data() + row * page.tile * pixel,
                    page.pixels.data() + (std::size_t{y + row} * page.width + x) * pixel,
                    std::min(page.tile, page.width - x) * pixel);
      ASSERT_GE(TIFFWriteTile(file, tile.data(), x, y, 0, 0), 0);
    }
}

void write_pages(const fs::path& path, const char* mode, const std::vector<Page>& pages) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetWarningHandlerExtR(
      options, [](TIFF*, void*, const char*, const char*, std::va_list) { return 1; }, nullptr);
  TIFF* file = TIFFOpenExt(path.c_str(), mode, options);
  TIFFOpenOptionsFree(options);
  ASSERT_TRUE(file);
  for (const Page& page : pages) {
    set_tags(file, page);
    if (page.tile) {
      write_tiles(file, page);
    } else {
      TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, page.rows ? page.rows : page.height);
      Bytes row(page.pixels.size() / page.height);
      for (std::uint32_t y = 0; y < page.height; ++y) {
        std::copy_n(page.pixels.begin() + static_cast<std::ptrdiff_t>(y * row.size()), row.size(),
                    row.begin());  // libtiff may change what it is given
        ASSERT_EQ(TIFFWriteScanline(file, row.data(), y, 0), 1);
      }
    }
    ASSERT_EQ(TIFFWriteDirectory(file), 1);
  }
  TIFFClose(file);
}

Bytes read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const fs::path& path, const Bytes& bytes) {
  fs::remove(path);  // ext4 waits for the disk when a file is truncated, not when it is new
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::uint32_t number_at(const Bytes& bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = size; i-- > 0;) value = value << 8 | bytes.at(at + static_cast<std::size_t>(i));
  return value;
}

void put_number(Bytes& bytes, std::size_t at, std::uint32_t value, int size = 4) {
  for (int i = 0; i < size; ++i, value >>= 8)
    bytes.at(at + static_cast<std::size_t>(i)) = static_cast<std::uint8_t>(value);
}

/// Where the first directory of a little-endian classic TIFF keeps a tag's value.
std::size_t value_position(const Bytes& bytes, int tag) {
  const std::size_t directory = number_at(bytes, 4, 4);
  for (std::size_t i = 0; i < number_at(bytes, directory, 2); ++i)
    if (number_at(bytes, directory + 2 + 12 * i, 2) == static_cast<std::uint32_t>(tag))
      return directory + 2 + 12 * i + 8;
  throw std::logic_error("no such tag");
}

/// Where a directory keeps the position of the next one.
std::size_t next_position(const Bytes& bytes, std::size_t directory) {
  return directory + 2 + 12 * std::size_t{number_at(bytes, directory, 2)};
}

class TiffTest : public testing::Test {
 protected:
  TiffTest() {
    std::string name = (fs::temp_directory_path() / "tiff_test_XXXXXX").string();
    folder = mkdtemp(name.data());
    path = folder / "image.tif";
    testing::internal::CaptureStderr();
  }
  ~TiffTest() override {
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    fs::remove_all(folder);
  }

  /// The message of the refusal, without the file's name that it must begin with.
  std::string refusal(const TiffSelection& selection = {}) {
    try {
      read_tiff(path, selection);
    } catch (const BadInput& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(path.string() + ": ")) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      return message.substr(std::min(message.size(), path.string().size() + 2));
    }
    return "was read";
  }

  void expect_read(const std::vector<Page>& pages, DType dtype,
                   const TiffSelection& selection = {}) {
    const Image image = read_tiff(path, selection);
    const Shape shape{pages[0].width, pages[0].height, static_cast<std::int64_t>(pages.size())};
    ASSERT_EQ(image.shape(), shape);
    ASSERT_EQ(image.dtype(), dtype);
    for (std::size_t z = 0; z < pages.size(); ++z)
      EXPECT_EQ(std::memcmp(image.data() + z * pages[z].pixels.size(), pages[z].pixels.data(),
                            pages[z].pixels.size()),
                0)
          << "page " << z + 1;
  }

  std::vector<std::string> files_left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
      names.push_back(entry.path().filename().string());
    return names;
  }

  fs::path folder, path;
};

void expect_says(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\n  lacks: " << part;
}

Image numbered(const Shape& shape, DType dtype, const Spacing& spacing = {}) {
  Image image(shape, dtype, spacing);
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    T value{};
    for (T& pixel : image.pixels<T>()) pixel = value = static_cast<T>(value + T{3});
  });
  return image;
}

void expect_equal(const Image& a, const Image& b) {
  ASSERT_EQ(a.shape(), b.shape());
  ASSERT_EQ(a.dtype(), b.dtype());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0);
}

constexpr DType all_types[]{DType::u8, DType::u16, DType::u32, DType::f32};

TEST_F(TiffTest, WhatIsWrittenIsRead) {
  for (const DType dtype : all_types)
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{7, 5, 3}, Shape{1, 9, 2}, Shape{64, 1, 4},
                               Shape{33, 17, 1}, Shape{2, 2, 40}}) {
      const Image image = numbered(shape, dtype);
      write_tiff(path, image);
      const Image again = read_tiff(path);
      expect_equal(image, again);
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

std::vector<Page> hyperstack(const std::string& description, unsigned count) {
  std::vector<Page> pages(count);
  for (unsigned i = 0; i < count; ++i) pages[i].fill(i);
  pages[0].description = description;
  return pages;
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

TEST_F(TiffTest, ContradictoryHyperstacksAreRefused) {
  for (const char* counts :
       {"images=4\nchannels=2\nslices=3\n", "images=4\nchannels=0\n", "images=4\nchannels=3\n",
        "images=4\nslices=x\n", "images=4\nframes=-1\n", "images=4\nslices=99999999999999999999\n",
        "images=4\nchannels=9223372036854775807\nframes=9223372036854775807\n"}) {
    write_pages(path, "w", hyperstack("ImageJ=1.53t\n" + std::string(counts), 4));
    expect_says(refusal(), "do not make up its 4 images");
  }
  for (const char* images : {"5", "3", "0", "-4", "9223372036854775807", "x"}) {
    write_pages(path, "w", hyperstack("ImageJ=1.53t\nimages=" + std::string(images) + "\n", 4));
    expect_says(refusal(), "but the file holds 4");
  }
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
    expect_equal(image, again);
    EXPECT_DOUBLE_EQ(again.spacing().z, 2);
    bytes.pop_back();
    write_bytes(path, bytes);
    expect_says(refusal(), "counts 4 images, but the file holds 1; it is truncated");
  }
}

TEST_F(TiffTest, UnreadablePixelsAreRefused) {
  struct Refused {
    std::uint16_t bits, format, samples;
    const char* says;
  };
  for (const Refused& refused :
       {Refused{1, SAMPLEFORMAT_UINT, 1, "1-bit unsigned pixels"},
        Refused{8, SAMPLEFORMAT_INT, 1, "8-bit signed pixels"},
        Refused{16, SAMPLEFORMAT_INT, 1, "16-bit signed pixels"},
        Refused{64, SAMPLEFORMAT_UINT, 1, "64-bit unsigned pixels"},
        Refused{16, SAMPLEFORMAT_IEEEFP, 1, "16-bit floating-point pixels"},
        Refused{64, SAMPLEFORMAT_IEEEFP, 1, "64-bit floating-point pixels"},
        Refused{64, SAMPLEFORMAT_COMPLEXIEEEFP, 1, "64-bit complex pixels"},
        Refused{8, SAMPLEFORMAT_UINT, 3, "3 samples per pixel"},
        Refused{16, SAMPLEFORMAT_UINT, 2, "2 samples per pixel"}}) {
    Page page{.bits = refused.bits, .format = refused.format, .samples = refused.samples};
    if (refused.samples == 3) page.photometric = PHOTOMETRIC_RGB;
    write_pages(path, "w", {page.fill(1)});
    expect_says(refusal(), refused.says);
    expect_says(refusal(), "page 1");
    expect_says(refusal(), "convert it to 8-, 16- or 32-bit grey");
  }
  Page page;
  page.photometric = PHOTOMETRIC_CIELAB;
  write_pages(path, "w", {page.fill(1)});
  expect_says(refusal(), "is not grey (photometric interpretation 8)");
}

TEST_F(TiffTest, NegativeValuesAreRefused) {
  Page page{.bits = 32, .format = SAMPLEFORMAT_INT};
  std::vector<Page> pages{page.fill(1), page.fill(2)};
  pages[1].pixels[4 * 8 + 3] = 0x80;
  write_pages(path, "w", pages);
  expect_says(refusal(), "page 2 has negative values");
}

TEST_F(TiffTest, LossyAndUnknownCompressionsAreRefused) {
  Page page{.width = 16, .height = 16};
  write_pages(path, "w", {page.fill(1)});
  Bytes bytes = read_bytes(path);
  for (const int compression : {COMPRESSION_JPEG, COMPRESSION_CCITTFAX4, COMPRESSION_LERC, 4711}) {
    put_number(bytes, value_position(bytes, TIFFTAG_COMPRESSION),
               static_cast<std::uint32_t>(compression), 2);
    write_bytes(path, bytes);
    expect_says(refusal(), "page 1 is compressed by");
    expect_says(refusal(), "save it uncompressed or with deflate");
  }
}

TEST_F(TiffTest, PagesOfDifferentKindsAreRefused) {
  Page small, large{.width = 9}, deep{.bits = 16};
  write_pages(path, "w", {small.fill(1), small, large.fill(1)});
  expect_says(refusal(), "page 3 is 9x5 u8, but page 1 is 7x5 u8");
  write_pages(path, "w", {small, deep.fill(1)});
  expect_says(refusal(), "page 2 is 7x5 u16, but page 1 is 7x5 u8");
}

TEST_F(TiffTest, OtherProgramsStacksAreRefused) {
  write_pages(path, "w", hyperstack("<?xml?><OME><Pixels SizeC=\"2\" SizeT=\"1\"/></OME>", 4));
  expect_says(refusal(), "OME-TIFF of several channels or frames");
  write_pages(path, "w", hyperstack("{\"shape\": [4, 5, 7], \"truncated\": true}", 1));
  expect_says(refusal(), "truncated stack of tifffile");
  const auto pages = hyperstack("<?xml?><OME><Pixels SizeC=\"1\" SizeT=\"1\"/></OME>", 4);
  write_pages(path, "w", pages);
  expect_read(pages, DType::u8);
}

TEST_F(TiffTest, FilesThatAreNoTiffAreRefused) {
  expect_says(refusal(), "No such file");
  write_bytes(path, {});
  expect_says(refusal(), "the file is empty");
  write_bytes(path, Bytes(100, 'x'));
  expect_says(refusal(), "is no TIFF file");
  expect_says(refusal(), "magic");
  path = folder;
  expect_says(refusal(), "is a folder");
  path = "/dev/null";
  expect_says(refusal(), "is not a regular file");
  path = folder / "image.tif" / "below";
  expect_says(refusal(), "");
  EXPECT_NE(refusal(), "was read");
}

TEST_F(TiffTest, LoopsOfPagesEnd) {
  write_tiff(path, numbered({7, 5, 3}, DType::u8));
  const Bytes whole = read_bytes(path);
  const std::size_t first = number_at(whole, 4, 4);
  const std::size_t second = number_at(whole, next_position(whole, first), 4);
  const std::size_t third = number_at(whole, next_position(whole, second), 4);
  for (const std::size_t target : {first, second, third}) {
    Bytes bytes = whole;
    put_number(bytes, next_position(bytes, third), static_cast<std::uint32_t>(target));
    write_bytes(path, bytes);
    expect_says(refusal(), "page 4 cannot be read");
  }
}

TEST_F(TiffTest, GiganticClaimsAreRefused) {
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE})
    for (const std::uint32_t extent : {0xffffffffu, 0x7fffffffu, 100000u}) {
      Page page;
      page.compression = static_cast<std::uint16_t>(compression);
      write_pages(path, "wl", {page.fill(1)});
      Bytes bytes = read_bytes(path);
      put_number(bytes, value_position(bytes, TIFFTAG_IMAGEWIDTH) - 6, TIFF_LONG, 2);
      put_number(bytes, value_position(bytes, TIFFTAG_IMAGELENGTH) - 6, TIFF_LONG, 2);
      put_number(bytes, value_position(bytes, TIFFTAG_IMAGEWIDTH), extent);
      put_number(bytes, value_position(bytes, TIFFTAG_IMAGELENGTH), extent);
      write_bytes(path, bytes);
      EXPECT_NE(refusal(), "was read");
    }
  expect_says(refusal(), "of pixels, more than a file of");
}

TEST_F(TiffTest, ImagesPastTheMemoryAreTooLarge) {
  write_tiff(path, numbered({7, 5, 1}, DType::u8));
  Bytes bytes = read_bytes(path);
  put_number(bytes, value_position(bytes, TIFFTAG_IMAGEWIDTH), 2'000'000);
  put_number(bytes, value_position(bytes, TIFFTAG_IMAGELENGTH), 2'000'000);
  write_bytes(path, bytes);
  fs::resize_file(path, 5'000'000'000'000);  // a hole: takes no room on the disk
  try {
    read_tiff(path);
    FAIL();
  } catch (const TooLarge& error) {
    expect_says(error.what(), path.string() + ": needs 3.6 TiB of memory, but ");
  }
}

/// Files with something of everything, small enough to break them everywhere.
std::vector<Bytes> specimens(const fs::path& path) {
  std::vector<Bytes> files;
  const auto add = [&] { files.push_back(read_bytes(path)); };
  write_tiff(path, numbered({7, 5, 3}, DType::u16, {0.5, 0.5, 2}));
  add();
  Page page{.width = 19, .height = 18, .bits = 16, .compression = COMPRESSION_LZW};
  page.predictor = PREDICTOR_HORIZONTAL;
  page.tile = 16;
  write_pages(path, "wb", {page.fill(1), page.fill(2)});
  add();
  page = {.width = 19, .height = 18, .bits = 32, .format = SAMPLEFORMAT_IEEEFP};
  page.compression = COMPRESSION_ADOBE_DEFLATE;
  page.predictor = PREDICTOR_FLOATINGPOINT;
  page.rows = 4;
  page.description = "ImageJ=1.53t\nimages=2\nslices=2\nunit=um\nspacing=0.5\n";
  write_pages(path, "wl8", {page.fill(1), page.fill(2)});
  add();
  page = {.bits = 32, .format = SAMPLEFORMAT_INT, .compression = COMPRESSION_PACKBITS};
  write_pages(path, "wl", {page.fill(1)});
  add();
  write_tiff(path, numbered({5, 4, 3}, DType::u8));
  add();
  put_number(files.back(), next_position(files.back(), number_at(files.back(), 4, 4)), 0);
  return files;
}

/// The image, or nothing where it is refused in one line; anything else is a failure.
std::optional<Image> read_if_sound(const fs::path& path) {
  try {
    return read_tiff(path);
  } catch (const BadInput& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  } catch (const TooLarge&) {
  }
  return std::nullopt;
}

TEST_F(TiffTest, TruncatedFilesAreRefusedOrReadWhole) {
  for (const Bytes& whole : specimens(path)) {
    write_bytes(path, whole);
    const Image image = read_tiff(path);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      write_bytes(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
      if (const auto read = read_if_sound(path)) expect_equal(*read, image);
    }
  }
}

TEST_F(TiffTest, FlippedBytesDoNoHarm) {
  std::mt19937 random(1);
  for (const Bytes& whole : specimens(path))
    for (int round = 0; round < 2000; ++round) {
      Bytes bytes = whole;
      for (auto flips = 1 + random() % 3; flips > 0; --flips)
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      write_bytes(path, bytes);
      read_if_sound(path);
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
        expect_equal(image, read_tiff(path));
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
  expect_equal(image, read_tiff(path));
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
  expect_equal(image, again);
  EXPECT_EQ(again.spacing(), image.spacing());
}

}  // namespace
}  // namespace voxelmark
