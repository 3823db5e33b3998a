#include "engines/operations/auto_threshold.hpp"

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void auto_threshold(const Image& image, const std::string& method, Image& mask) {
  const auto [minimum, maximum] = extrema(image);
  const int bins = auto_threshold_bins(method, image.dtype());
  const bool grey_levels = bins_are_grey_levels(method, image.dtype()),
             by_centre = method == "otsu" && image.dtype() == DType::f32;
  const Binning binning(bins, minimum, maximum);
  visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto bin = [&, low = minimum, high = maximum](T value) {
      return grey_levels ? static_cast<int>(value)
             : by_centre ? otsu_bin(static_cast<float>(value), low, high)
                         : binning.bin(static_cast<float>(value));
    };
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(bins), 0);
    for (const T value : image.pixels<T>()) ++counts[bin(value)];
    const int level = auto_threshold_level(method, counts);
    const double centre = otsu_centre(level, minimum, maximum);
    std::transform(image.pixels<T>().begin(), image.pixels<T>().end(),
                   mask.pixels<std::uint8_t>().begin(), [&](T value) -> std::uint8_t {
                     if (level == bins - 1) return 0;
                     return by_centre ? static_cast<double>(value) > centre : bin(value) > level;
                   });
  });
}

void auto_threshold(const Job& job, Image& output) {
  auto_threshold(job.input(), job.parameters.choice("method"), output);
}

}  // namespace voxelmark::reference
