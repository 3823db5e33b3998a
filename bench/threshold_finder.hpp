#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// AutoThreshold's level of an image that is looked at part by part: each part once for the range
/// of values, then once more for the histogram. Several threads may show parts at once.
class ThresholdFinder {
 public:
  ThresholdFinder(std::string method, DType dtype);

  void see(const Image& part);
  void count(const Image& part);
  /// What was seen and counted, for those who join it with that of other parts: the range after all
  /// parts were seen and before any is counted.
  std::optional<Range>& range() { return range_; }
  std::vector<std::uint64_t>& counts() { return counts_; }
  /// The least value of the foreground: FixedThreshold with it gives the mask that AutoThreshold
  /// gives of the whole. Nothing where no voxel is foreground.
  std::optional<float> threshold() const;

 private:
  /// `use(bin)`, where bin(value) is that of the histogram.
  template <class T, class Use>
  auto with_bins(Use use) const;

  std::string method_;
  DType dtype_;
  std::optional<Range> range_;
  std::vector<std::uint64_t> counts_;
  std::mutex mutex_;
};

}  // namespace voxelmark
