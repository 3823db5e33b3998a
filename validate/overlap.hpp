#pragma once
#include <cstdint>

#include "engines/core/image.hpp"
#include "validate/value.hpp"

namespace voxelmark {

/// Voxels counted by what reference and test say of them: foreground (not 0) in both, in the test
/// alone, in the reference alone, in neither.
struct Confusion {
  std::int64_t tp = 0, fp = 0, fn = 0, tn = 0;
  bool operator==(const Confusion&) const = default;
};

/// Counts over two images of one shape and any types. Throws std::logic_error where shapes differ.
Confusion confusion(const Image& reference, const Image& test);

// All below take the counts as given, in [0, 1] unless said otherwise, and are undefined where
// their denominator is 0. Names and formulas as in Taha & Hanbury, BMC Medical Imaging 2015.

/// Dice (1945), Sørensen: 2 TP / (2 TP + FP + FN); F1 of the foreground's voxels.
Value dice(const Confusion& c);
/// Jaccard: TP / (TP + FP + FN) = Dice / (2 - Dice).
Value jaccard(const Confusion& c);
/// (TP + TN) / all.
Value accuracy(const Confusion& c);
/// TP / (TP + FN), also recall, true positive rate.
Value sensitivity(const Confusion& c);
/// TN / (TN + FP), true negative rate.
Value specificity(const Confusion& c);
/// TP / (TP + FP), positive predictive value.
Value precision(const Confusion& c);
/// (sensitivity + specificity) / 2.
Value balanced_accuracy(const Confusion& c);
/// Youden's index: sensitivity + specificity - 1, in [-1, 1].
Value youden(const Confusion& c);
/// Matthews' correlation (TP TN - FP FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)), in [-1, 1].
Value matthews(const Confusion& c);
/// Hamming's distance FP + FN, in voxels.
std::int64_t hamming(const Confusion& c);
/// (FP + FN) / (TP + FN), from 0 on.
Value classification_error(const Confusion& c);
/// V_test - V_reference = FP - FN, times `voxel_volume`.
double volume_error(const Confusion& c, double voxel_volume);
/// (V_test - V_reference) / V_reference, from -1 on.
Value relative_volume_error(const Confusion& c);
/// 2 |V_A - V_B| / (V_A + V_B), in [0, 2].
Value volume_sd(const Confusion& c);

}  // namespace voxelmark
