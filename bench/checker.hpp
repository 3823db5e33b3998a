#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "bench/case.hpp"

namespace voxelmark {

/// A task's inputs with what the reference makes of them, kept for all engines of the task.
class Checker {
 public:
  /// Loads or generates the inputs and runs the reference; `wanted` nothing: full where the
  /// predicted time allows, else a sample. Throws TooLarge where host memory does not suffice,
  /// BadInput for a damaged file, Interrupted.
  Checker(const Task& task, std::optional<Check> wanted);

  const std::vector<Image>& inputs() const { return inputs_; }
  std::int64_t largest_label() const { return largest_label_; }
  Check check() const { return check_; }
  double reference_seconds() const { return reference_seconds_; }
  /// Voxels that a comparison looks at.
  std::int64_t voxels_checked() const {
    return check_ == Check::none ? 0 : expected_.shape().voxels();
  }

  const Image& expected() const { return expected_; }
  const Range& range() const { return range_; }
  Comparison compare(const Image& output) const;

 private:
  const Task& task_;
  std::vector<Image> inputs_;
  std::int64_t largest_label_ = 0;
  Range range_;
  Check check_ = Check::full;
  Image expected_;              ///< the whole output, or a row of the sampled voxels
  std::vector<Index> samples_;  ///< in the output; empty for a full check
  double reference_seconds_ = 0;
};

/// Up to `count` voxels: corners, then edges and random ones, without repetition.
std::vector<Index> sample_voxels(const Shape& shape, std::size_t count, std::uint64_t seed);

/// "16777 voxels differ, largest error 3 (allowed 1), first at (4, 0, 7)".
std::string explain_disagreement(const Comparison& comparison, const Shape& output);

}  // namespace voxelmark
