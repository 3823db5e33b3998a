#pragma once
#include <Eigen/SparseCore>
#include <cstdint>
#include <vector>

#include "engines/core/image.hpp"
#include "validate/overlap.hpp"
#include "validate/value.hpp"

namespace voxelmark {

using OverlapMatrix = Eigen::SparseMatrix<std::int64_t, Eigen::RowMajor, std::int64_t>;

/// How many voxels each label of the reference shares with each label of the test image. Only which
/// voxels share a label counts, never the label's number.
struct LabelOverlap {
  /// The labels that occur, in rising order, after the background 0, which is always first.
  std::vector<std::uint32_t> reference, test;
  std::vector<std::int64_t> reference_size, test_size;  ///< voxels of each
  /// Voxels of the pair (row: place in `reference`, column: place in `test`).
  OverlapMatrix shared;
  std::int64_t voxels = 0;

  std::size_t reference_labels() const { return reference.size() - 1; }  ///< without background
  std::size_t test_labels() const { return test.size() - 1; }
};

/// Of two label images (u32) of one shape. Throws std::logic_error where shapes differ or a type is
/// not u32.
LabelOverlap label_overlap(const Image& reference, const Image& test);

/// The same with the sides exchanged.
LabelOverlap reversed(const LabelOverlap& overlap);

/// The foregrounds' voxels: not 0.
Confusion confusion(const LabelOverlap& overlap);

/// Whether both label the same voxels, and the same voxels together: equal up to renumbering.
bool partition_equal(const LabelOverlap& overlap);

/// Mean over the reference's labels of the largest intersection over union with any label of the
/// test image, 0 where there is none; in [0, 1], and undefined where the reference has no label.
/// The definition of the-segmentation-game (R. Haase): the reference may be annotated sparsely. Not
/// symmetric: reversed() gives the other direction.
Value sparse_jaccard(const LabelOverlap& overlap);

/// SEG of the Cell Tracking Challenge (Maška et al., Bioinformatics 2014): mean over the
/// reference's labels of the Jaccard index with the one test label that covers more than half of
/// it, else 0.
Value seg(const LabelOverlap& overlap);

/// Conditional entropies in bits, of the label of a voxel drawn at random, background being one
/// label (Meilă 2007): `split` = H(test | reference), `merge` = H(reference | test); their sum is
/// the variation of information. 0 is perfect.
struct VariationOfInformation {
  Value split, merge, sum;
};
VariationOfInformation variation_of_information(const LabelOverlap& overlap);

/// Adjusted Rand index over all voxels, background being one label (Hubert & Arabie 1985): 1 is
/// perfect, 0 is chance. Undefined where both sides are one single label, or each voxel its own.
Value adjusted_rand(const LabelOverlap& overlap);

/// A one-to-one matching of the reference's labels to the test image's.
struct ObjectMatch {
  std::uint32_t reference = 0, test = 0;
  double iou = 0;
};
struct ObjectAgreement {
  std::vector<ObjectMatch> matches;  ///< in rising order of the reference's label
  std::vector<std::uint32_t> unmatched_reference, unmatched_test;
  std::int64_t tp = 0, fp = 0, fn = 0;
  Value precision, recall;  ///< TP / (TP + FP), TP / (TP + FN)
  Value f1;                 ///< 2 TP / (2 TP + FP + FN)
  Value ap;                 ///< TP / (TP + FP + FN), "average precision" at one threshold
  Value sq;  ///< segmentation quality: mean IoU of the matches (undefined without any)
  Value rq;  ///< recognition quality: f1
  Value
      pq;  ///< panoptic quality (Kirillov et al. 2019): sum of the matches' IoU / (TP + (FP+FN)/2)
};

/// Pairs with IoU > `iou`, in [0, 1). From 0.5 on they are unique; below, the matching with the
/// largest sum of IoU is taken.
ObjectAgreement match_objects(const LabelOverlap& overlap, double iou);

/// Splits: reference labels with two or more test labels that each lie over half inside of it.
/// Merges: the reverse.
struct SplitsAndMerges {
  std::vector<std::uint32_t> splits, merges;
};
SplitsAndMerges splits_and_merges(const LabelOverlap& overlap);

}  // namespace voxelmark
