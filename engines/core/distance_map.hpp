#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include "engines/core/image.hpp"

namespace voxelmark {

/// The Euclidean distance from each voxel to the nearest seed, in µm, where which seed it is does
/// not matter (else distance_transform.hpp's nearest_labels): exact but for the rounding of the
/// squares, which are whole numbers where the spacing is the same along all axes.
class DistanceMap {
 public:
  /// Seeds are the voxels of `flags` with a bit of `bit` set. In time proportional to the voxels,
  /// on all threads; 4 bytes a voxel, or 8 where the spacing differs between axes or an extent is
  /// so large that float32 could not hold the squares.
  DistanceMap(std::span<const std::uint8_t> flags, std::uint8_t bit, const Shape& shape,
              const Spacing& spacing);

  /// Calls f(values) with the squared distances in units of scale()², infinite where there is no
  /// seed; a span of float or of double.
  template <class F>
  decltype(auto) visit_squares(F&& f) const {
    return squares_.dtype() == DType::f32 ? f(squares_.pixels<float>())
                                          : f(squares_.pixels<double>());
  }
  double scale() const { return scale_; }  ///< µm

 private:
  Image squares_;
  double scale_ = 1;
};

}  // namespace voxelmark
