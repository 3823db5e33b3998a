#include "validate/label_agreement.hpp"

#include "validate/label_overlap.hpp"

namespace voxelmark {

LabelAgreement label_agreement(const Image& reference, const Image& test) {
  const LabelOverlap overlap = label_overlap(reference, test);
  const Confusion foreground = confusion(overlap);
  return {dice(foreground),
          jaccard(foreground),
          sparse_jaccard(overlap),
          sparse_jaccard(reversed(overlap)),
          partition_equal(overlap),
          static_cast<std::int64_t>(overlap.reference_labels()),
          static_cast<std::int64_t>(overlap.test_labels())};
}

}  // namespace voxelmark
