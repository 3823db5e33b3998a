// TIFF files that are damaged, or that hold what is not read.
#include "tests/image_makers.hpp"
#include "tests/tiff_pages.hpp"

namespace voxelmark {
namespace {

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
  path = folder.path();
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
      const auto read = read_if_sound(path);
      EXPECT_TRUE(!read || equal(*read, image));
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

}  // namespace
}  // namespace voxelmark
