#pragma once
#include <cstdint>
#include <optional>

#include "engines/core/image.hpp"
#include "validate/value.hpp"

namespace voxelmark {

struct BoundaryOptions {
  Spacing spacing{};              ///< µm
  bool calibrated = true;         ///< else nobody named a spacing, and distances are in voxels
  bool border_is_outside = true;  ///< voxels of a mask at the image's border are on its contour
  std::optional<double> tau{};    ///< tolerance of the normalized surface distance, µm
  /// Width of Boundary IoU's bands, µm; nothing: 2 % of the image's diagonal, as its authors take.
  std::optional<double> band{};
};

/// How far the boundaries of two masks are from each other, in µm. C(A) are the voxels of A with a
/// face neighbour outside of A; distances are Euclidean, between centres of voxels. Where one side
/// is empty the distances are infinite: undefined with the reason `one_side_empty`.
struct BoundaryAgreement {
  static constexpr const char* one_side_empty = "one side empty";
  static constexpr const char* both_empty = "both sides are empty";

  std::int64_t reference_contour = 0, test_contour = 0;  ///< voxels of C(reference), C(test)
  /// Largest distance of a voxel of one mask to the other mask, the larger of both directions
  /// (Hausdorff 1914), and the directions.
  Value hausdorff, hausdorff_reference_to_test, hausdorff_test_to_reference;
  Value hausdorff_simplified;  ///< the same over the contours
  /// Over the contours: the larger of both directions' 95th percentiles (linear interpolation
  /// between order statistics, NumPy's default).
  Value hd95;
  /// Mean distance from C(reference) to C(test), and back; `bilateral` is the mean of both (MASD).
  Value contour_a_to_b, contour_b_to_a, contour_bilateral;
  /// Mean over the distances of both directions pooled (ASSD).
  Value assd;
  /// Normalized surface distance, surface Dice (Nikolov et al. 2021): the share of both contours'
  /// voxels that lie within tau of the other contour; 0 where one side is empty. A distance counts
  /// as within tau up to a relative 1e-12, since 3 steps of 0.1 µm are not 0.3 in binary numbers.
  Value nsd;
  /// Boundary IoU (Cheng et al. 2021): intersection over union of the masks' voxels that lie within
  /// the band's width of their own contour; in [0, 1], 0 where one side is empty.
  Value boundary_iou;
  double band = 0;  ///< the width taken, µm
};

/// Of two images of one shape and any types; not 0 is the mask. Memory: 5 bytes a voxel (9 where
/// the spacing differs between axes). Throws std::logic_error where shapes differ.
BoundaryAgreement boundary_agreement(const Image& reference, const Image& test,
                                     const BoundaryOptions& options);

}  // namespace voxelmark
