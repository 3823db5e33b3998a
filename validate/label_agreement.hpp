#pragma once
#include "engines/core/image.hpp"
#include "validate/value.hpp"

namespace voxelmark {

/// How two label images (u32, background 0) of one shape overlap; see label_overlap.hpp for each.
struct LabelAgreement {
  Value dice, jaccard;  ///< of the foregrounds
  Value sparse_jaccard, sparse_jaccard_reverse;
  bool partition_equal = false;
  std::int64_t reference_labels = 0, test_labels = 0;
};

/// Throws std::logic_error where shapes differ or a type is not u32.
LabelAgreement label_agreement(const Image& reference, const Image& test);

}  // namespace voxelmark
