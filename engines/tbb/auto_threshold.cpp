#include "engines/operations/auto_threshold.hpp"

#include "engines/tbb/reductions.hpp"

namespace voxelmark::tbb_operations {

Body auto_threshold(Work& work, const Pixels& from, DType from_type, const Pixels& to,
                    const Shape& shape, const std::string& method) {
  const int bins = auto_threshold_bins(method, from_type), threads = work.threads();
  const Pixels tables = work.scratch(histogram_bytes(threads, bins));
  return visit_grey(from_type, [&]<class T>(std::type_identity<T>) -> Body {
    return [=, voxels = shape.voxels()] {
      const T* pixels = from.as<T>();
      std::uint8_t* mask = to.as<std::uint8_t>();
      const auto counted = [&](const auto& bin) {
        return Counts(
            histogram(pixels, voxels, bins, threads, tables.scratch<std::uint64_t>(), bin),
            static_cast<std::size_t>(bins));
      };
      const auto write = [&](const auto& foreground) {
        tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, voxels, voxels_per_task),
                          [=](const auto& range) {
                            vectorised([=] {
                              for (auto i = range.begin(); i < range.end(); ++i)
                                mask[i] = foreground(pixels[i]);
                            });
                          });
      };
      if (bins_are_grey_levels(method, from_type)) {
        const int level =
            auto_threshold_level(method, counted([](T value) { return static_cast<int>(value); }));
        return write([=](T value) { return static_cast<int>(value) > level; });
      }
      const auto [least, greatest] = range(pixels, voxels);
      const auto lowest = static_cast<double>(least), highest = static_cast<double>(greatest);
      if (method == "otsu") {
        const int level = auto_threshold_level(
            method,
            counted([=](T value) { return otsu_bin(static_cast<float>(value), lowest, highest); }));
        const double centre = level < bins - 1 ? otsu_centre(level, lowest, highest)
                                               : std::numeric_limits<double>::infinity();
        return write([=](T value) { return static_cast<double>(value) > centre; });
      }
      const Binning binning(bins, lowest, highest);
      const auto bin = [=](T value) { return binning.bin(static_cast<float>(value)); };
      const int level = auto_threshold_level(method, counted(bin));
      write([=](T value) { return bin(value) > level; });
    };
  });
}

Body auto_threshold(Work& work) {
  return auto_threshold(work, work.input(), work.dtype(), work.output(), work.shape(),
                        work.parameters().choice("method"));
}

}  // namespace voxelmark::tbb_operations
