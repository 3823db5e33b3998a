#pragma once
#include <gtest/gtest.h>
#include <tiffio.h>

#include <cstdarg>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"
#include "tests/temporary_folder.hpp"

// TIFF files made page by page with libtiff, and changed byte by byte.

namespace voxelmark {

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

inline void set_tags(TIFF* file, const Page& page) {
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

inline void write_tiles(TIFF* file, const Page& page) {
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

inline void write_pages(const fs::path& path, const char* mode, const std::vector<Page>& pages) {
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

inline Bytes read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(const fs::path& path, const Bytes& bytes) {
  fs::remove(path);  // ext4 waits for the disk when a file is truncated, not when it is new
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

inline std::uint32_t number_at(const Bytes& bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = size; i-- > 0;) value = value << 8 | bytes.at(at + static_cast<std::size_t>(i));
  return value;
}

inline void put_number(Bytes& bytes, std::size_t at, std::uint32_t value, int size = 4) {
  for (int i = 0; i < size; ++i, value >>= 8)
    bytes.at(at + static_cast<std::size_t>(i)) = static_cast<std::uint8_t>(value);
}

/// Where the first directory of a little-endian classic TIFF keeps a tag's value.
inline std::size_t value_position(const Bytes& bytes, int tag) {
  const std::size_t directory = number_at(bytes, 4, 4);
  for (std::size_t i = 0; i < number_at(bytes, directory, 2); ++i)
    if (number_at(bytes, directory + 2 + 12 * i, 2) == static_cast<std::uint32_t>(tag))
      return directory + 2 + 12 * i + 8;
  throw std::logic_error("no such tag");
}

/// Where a directory keeps the position of the next one.
inline std::size_t next_position(const Bytes& bytes, std::size_t directory) {
  return directory + 2 + 12 * std::size_t{number_at(bytes, directory, 2)};
}

class TiffTest : public testing::Test {
 protected:
  TiffTest() { testing::internal::CaptureStderr(); }
  ~TiffTest() override { EXPECT_EQ(testing::internal::GetCapturedStderr(), ""); }

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
    for (const auto& entry : fs::directory_iterator(folder.path()))
      names.push_back(entry.path().filename().string());
    return names;
  }

  const TemporaryFolder folder;
  fs::path path = folder / "image.tif";
};

inline void expect_says(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\n  lacks: " << part;
}

inline Image numbered(const Shape& shape, DType dtype, const Spacing& spacing = {}) {
  Image image(shape, dtype, spacing);
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    T value{};
    for (T& pixel : image.pixels<T>()) pixel = value = static_cast<T>(value + T{3});
  });
  return image;
}

inline std::vector<Page> hyperstack(const std::string& description, unsigned count) {
  std::vector<Page> pages(count);
  for (unsigned i = 0; i < count; ++i) pages[i].fill(i);
  pages[0].description = description;
  return pages;
}
}  // namespace voxelmark
