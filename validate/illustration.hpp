#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "engines/core/image.hpp"
#include "validate/pair_density.hpp"

namespace voxelmark {

/// Part of one slice: at most 96 × 96 voxels in the middle of an image.
struct CutOut {
  std::int64_t slice = 0, x = 0, y = 0, width = 0, height = 0;
};
CutOut middle_of(const Shape& shape);

/// A cut-out as an 8-bit grey PNG.
struct GreyPicture {
  std::string png;
  double black = 0, white = 0;  ///< the grey levels shown so; of labels 0 and the largest
};

/// One result beside what it came from and what was expected of it.
struct Illustration {
  CutOut place;  ///< in the result
  GreyPicture input, expected, result;
  /// test − reference in 17 greys: 128 none, 0 and 255 the scale below and above. Empty where
  /// nothing differs. Of labels a difference is 1, whatever their numbers.
  std::string difference;
  double difference_scale = 0;         ///< the largest finite difference shown, in grey levels
  std::optional<PairDensity> pairs{};  ///< not of labels, which are no measurements
};

/// `expected` and `result` have one shape and type, else std::logic_error.
Illustration illustrate(const Image& input, const Image& expected, const Image& result);

/// How far two images are apart in the slice with the largest difference, as an 8-bit grey PNG of
/// at most 192 × 192 pixels: black where they are equal, then 16 greys from dark to white, by the
/// square root of the difference.
struct DifferenceMap {
  std::string png;
  std::int64_t slice = 0, width = 0, height = 0;  ///< in voxels
  /// A pixel shows the largest of block × block voxels, so that none is lost.
  std::int64_t block = 1;
  double largest = 0;  ///< the largest finite difference of the slice, in grey levels: white
};

/// Nothing where nothing differs; two NaN are equal. Shapes and types as of illustrate.
std::optional<DifferenceMap> difference_map(const Image& expected, const Image& result);

}  // namespace voxelmark
