#pragma once
#include <optional>

#include "engines/core/image.hpp"

namespace voxelmark {

/// How two label images (u32, background 0) of one shape overlap. The voxel is the unit.
struct LabelAgreement {
  /// 2 TP / (2 TP + FP + FN) of the foregrounds; nothing where both are empty.
  std::optional<double> dice;
  /// Mean over the reference's labels of the largest intersection over union with any label of the
  /// test image, 0 where there is none; nothing where the reference has no label. Only which voxels
  /// share a label counts, not its number.
  std::optional<double> sparse_jaccard;
  std::optional<double> sparse_jaccard_reverse;  ///< the same with the sides exchanged
  std::int64_t reference_labels = 0, test_labels = 0;
};

/// Throws std::logic_error where shapes differ or a type is not u32.
LabelAgreement label_agreement(const Image& reference, const Image& test);

/// Whether both label the same voxels, and the same voxels together: equal up to renumbering.
bool same_partition(const Image& reference, const Image& test);

}  // namespace voxelmark
