#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "datasets/generators.hpp"
#include "engines/core/image.hpp"

namespace voxelmark {

/// An image of these values, x fastest.
template <class T>
Image image_of(const Shape& shape, const std::vector<T>& values) {
  Image image(shape, dtype_of<T>());
  EXPECT_EQ(static_cast<std::int64_t>(values.size()), shape.voxels());
  std::ranges::copy(values, image.pixels<T>().begin());
  return image;
}

/// One line along x.
template <class T>
Image row_of(const std::vector<T>& values) {
  return image_of<T>({static_cast<std::int64_t>(values.size()), 1, 1}, values);
}

template <class T>
Image filled(const Shape& shape, T value) {
  Image image(shape, dtype_of<T>());
  std::ranges::fill(image.pixels<T>(), value);
  return image;
}

/// Rows of digits, '.' for 0, as a mask or labels of type T.
template <class T>
Image drawn(const std::vector<std::string>& rows) {
  std::vector<T> values;
  for (const std::string& row : rows)
    for (const char c : row) values.push_back(c == '.' ? T{} : static_cast<T>(c - '0'));
  return image_of<T>(
      {static_cast<std::int64_t>(rows[0].size()), static_cast<std::int64_t>(rows.size()), 1},
      values);
}

inline Image noise(const Shape& shape, DType dtype) { return generate("noise", shape, dtype, 11); }

/// Of shape, type and every byte of the pixels.
inline bool equal(const Image& a, const Image& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

constexpr DType all_types[]{DType::u8, DType::u16, DType::u32, DType::f32};

}  // namespace voxelmark
