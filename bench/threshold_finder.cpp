#include "bench/threshold_finder.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <limits>

#include "engines/operations/auto_threshold.hpp"

namespace voxelmark {

ThresholdFinder::ThresholdFinder(std::string method, DType dtype)
    : method_(std::move(method)),
      dtype_(dtype),
      counts_(static_cast<std::size_t>(auto_threshold_bins(method_, dtype))) {}

void ThresholdFinder::see(const Image& part) {
  const Range seen = range_of(part);
  const std::lock_guard turn(mutex_);
  range_ =
      range_ ? Range{std::min(range_->minimum, seen.minimum),
                     std::max(range_->maximum, seen.maximum), range_->non_finite + seen.non_finite}
             : seen;
}

template <class T, class Use>
auto ThresholdFinder::with_bins(Use use) const {
  const auto [minimum, maximum] = std::pair(range_.value().minimum, range_.value().maximum);
  if (bins_are_grey_levels(method_, dtype_))
    return use([](T value) { return static_cast<int>(value); });
  if (method_ == "otsu" && dtype_ == DType::f32)
    return use([=](T value) { return otsu_bin(static_cast<float>(value), minimum, maximum); });
  return use([binning = Binning(static_cast<int>(counts_.size()), minimum, maximum)](T value) {
    return binning.bin(static_cast<float>(value));
  });
}

void ThresholdFinder::count(const Image& part) {
  visit_grey(dtype_, [&]<class T>(std::type_identity<T>) {
    with_bins<T>([&](auto bin) {
      const auto pixels = part.pixels<T>();
      tbb::enumerable_thread_specific<std::vector<std::uint64_t>> counts(
          std::vector<std::uint64_t>(counts_.size()));
      tbb::parallel_for(tbb::blocked_range<std::size_t>(0, pixels.size(), 1 << 16),
                        [&](const auto& range) {
                          auto& mine = counts.local();
                          for (std::size_t i = range.begin(); i < range.end(); ++i)
                            ++mine[static_cast<std::size_t>(bin(pixels[i]))];
                        });
      const std::lock_guard turn(mutex_);
      for (const auto& mine : counts)
        std::transform(mine.begin(), mine.end(), counts_.begin(), counts_.begin(), std::plus());
    });
  });
}

std::optional<float> ThresholdFinder::threshold() const {
  const int level = auto_threshold_level(method_, counts_);
  if (level == static_cast<int>(counts_.size()) - 1) return std::nullopt;
  return visit_grey(dtype_, [&]<class T>(std::type_identity<T>) -> std::optional<float> {
    return with_bins<T>([&](auto bin) -> std::optional<float> {
      const auto [minimum, maximum] = std::pair(range_->minimum, range_->maximum);
      const double centre = otsu_centre(level, minimum, maximum);
      const bool by_centre = method_ == "otsu" && dtype_ == DType::f32;
      const auto foreground = [&](T value) {
        return by_centre ? static_cast<double>(value) > centre : bin(value) > level;
      };
      // Greater values are foreground all the more: the least one lies between the extremes.
      T below = static_cast<T>(minimum), above = static_cast<T>(maximum);
      if (!foreground(above)) return std::nullopt;
      if (foreground(below)) return static_cast<float>(below);
      while (true) {
        const T middle =
            static_cast<T>((static_cast<double>(below) + static_cast<double>(above)) / 2);
        if (middle == below || middle == above) return static_cast<float>(above);
        (foreground(middle) ? above : below) = middle;
      }
    });
  });
}

}  // namespace voxelmark
