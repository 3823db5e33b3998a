#pragma once
#include <cstdint>
#include <optional>

#include "engines/core/image.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// How far a test image is from a reference image of the same shape and type. d = test − reference,
/// in grey levels, or of tables (f64) divided by max(1, |reference|); the unit of a pair is the
/// pixel, or the table's cell.
struct ImageAgreement {
  std::int64_t n = 0;                 ///< voxels compared
  std::int64_t differing = 0;         ///< voxels with d != 0; NaN equals NaN
  std::int64_t first_differing = -1;  ///< its index in raster order, or -1
  double max_abs_error = 0;           ///< max |d|; NaN where one side alone is NaN somewhere
  double rmse = 0, bias = 0;          ///< of d, over the voxels
  double sd = 0;                      ///< of d, divided by n - 1; 0 for one voxel
  double lower_limit() const { return bias - 1.96 * sd; }  ///< limits of agreement
  double upper_limit() const { return bias + 1.96 * sd; }
  /// Product-moment correlation, by two passes; nothing where a side is constant or nearly so
  /// (‖x − x̄‖ ≤ 1e-13·|x̄|·√n) or not finite.
  std::optional<double> pearson_r;
};

/// Throws std::logic_error where shapes or types differ.
ImageAgreement image_agreement(const Image& reference, const Image& test);

/// Whether the figures stay inside the tolerance. NaN never does.
bool agrees(const ImageAgreement& figures, const Tolerance& tolerance);

}  // namespace voxelmark
