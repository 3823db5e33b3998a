#pragma once
#include <png.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace voxelmark {

/// A PNG by libpng's own reader, 8 bits a sample.
struct Png {
  int width = 0, height = 0;
  std::vector<png_byte> bytes;

  /// `format` is PNG_FORMAT_RGB or PNG_FORMAT_GRAY.
  Png(const std::string& file, png_uint_32 format) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, file.data(), file.size()))
      throw std::runtime_error(image.message);
    image.format = format;
    bytes.resize(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr))
      throw std::runtime_error(image.message);
    width = static_cast<int>(image.width);
    height = static_cast<int>(image.height);
  }
};

}  // namespace voxelmark
