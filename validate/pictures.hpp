#pragma once
#include <cstdint>
#include <filesystem>

#include "engines/core/image.hpp"

namespace voxelmark {

// Pictures are PNG files of one slice (z, counted from 0). Below 512 pixels on its longer side a
// slice is enlarged, above 2048 reduced, by a whole factor; where it is reduced each pixel shows
// its block's most striking voxel, so that none is lost. Files appear whole or not at all. All
// throw BadInput, naming the file, where it cannot be written, and std::logic_error where images
// are empty or do not match.

struct OverlayPicture {
  std::int64_t slice = 0;        ///< the first of those with the most disagreeing voxels
  std::int64_t disagreeing = 0;  ///< voxels of it that are foreground or outline on one side alone
};

/// The outlines of two label images (u32, background 0) of one shape: voxels of a label with a
/// face neighbour, in their slice, of another label or background. White is outline on both sides,
/// orange the reference's alone, blue the test's alone; inside, foregrounds are tinted orange and
/// blue where they are one side's, green where both have one. Below lies `background`, a grey image
/// of the same shape, from the slice's darkest voxel to its brightest, or else black.
OverlayPicture overlay_png(const std::filesystem::path& path, const Image& reference,
                           const Image& test, const Image* background = nullptr);

struct DifferencePicture {
  std::int64_t slice =
      0;  ///< the first of those with the most NaN or infinite d, then the largest sum of |d|
  double scale = 0;  ///< largest finite |d| of the slice, which full colour stands for
};

/// d = test − reference of two images of one shape and type: blue below zero, white at zero alone,
/// red above; black where d is NaN, as where one side alone is. NaN and infinity equal themselves.
DifferencePicture difference_png(const std::filesystem::path& path, const Image& reference,
                                 const Image& test);

}  // namespace voxelmark
