#pragma once
#include <cstdint>

#include "engines/core/image.hpp"
#include "validate/value.hpp"

namespace voxelmark {

/// Errors of a test image relative to the reference's range max - min, in grey levels.
struct RelativeError {
  static constexpr const char* no_error = "infinite: there is no error";
  Value nrmse;  ///< RMSE / range
  Value psnr;   ///< 20 log10(range / RMSE), dB; undefined (infinite) where RMSE is 0
};
RelativeError relative_error(double rmse, const Range& reference);

/// Structural similarity (Wang et al., IEEE Transactions on Image Processing 2004), the mean over
/// all voxels at least 5 from the border: Gaussian weights of sigma 1.5 over 11 voxels per axis (in
/// 3D along z too), K1 = 0.01, K2 = 0.03, variances of the weighted population, L = the reference's
/// range. In [-1, 1]. Undefined where L is 0 or an extent is below 11. It is scikit-image's
/// structural_similarity(gaussian_weights=True, use_sample_covariance=False, data_range=L).
/// Images of one shape and type; throws std::logic_error where they differ.
Value structural_similarity(const Image& reference, const Image& test);

/// The largest count of representable float32 numbers between two pixels (0: equal, 1: neighbours;
/// -0 equals 0). Undefined unless both are float32.
Value max_ulp_distance(const Image& reference, const Image& test);

}  // namespace voxelmark
