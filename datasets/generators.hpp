#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// Names that generate() knows: noise, nuclei, blobs, spiral, constant.
const std::vector<std::string>& dataset_names();

/// A synthetic image. The same name, shape, type and seed give the same pixels on every machine and
/// for any number of threads.
///
/// noise: uniform over the grey levels of u8 and u16 (as in CLIJ's benchmark), over [0, 256) in
/// f32; nuclei: see generate_nuclei, the labels in u32; blobs: Gaussian spots of several widths on
/// a dark background; spiral: a line of one voxel (255, over 0) that winds to the centre with a gap
/// of one voxel, connected from its first voxel to its last, the same in each slice and so
/// connected from slice to slice; constant: 100. u32 is u8's but for nuclei; nuclei and blobs in
/// u16 are a hundred times u8's, in f32 u8's before rounding. Throws BadInput for another name.
Image generate(const std::string& name, const Shape& shape, DType dtype, std::uint64_t seed);

/// Fluorescent nuclei with their truth.
struct Nuclei {
  Image
      intensity;  ///< bright ellipsoids with soft edges over a dim background, with shot-like noise
  Image labels;   ///< u32: nucleus 1…N, background 0; no two nuclei overlap
};

/// Nuclei of 5 to 9 voxels' radius in x and y, half of that in z, with a seam of background between
/// them. A small image holds one, cut where it does not fit. In 2D, z is ignored.
Nuclei generate_nuclei(const Shape& shape, DType dtype, std::uint64_t seed);

}  // namespace voxelmark
