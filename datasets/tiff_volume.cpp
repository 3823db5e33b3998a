#include "datasets/tiff_volume.hpp"

#include <tbb/concurrent_queue.h>
#include <tbb/parallel_for.h>

#include <utility>

#include "datasets/tiff_file.hpp"
#include "datasets/volume_regions.hpp"

namespace voxelmark {

namespace {

class TiffVolumeReader final : public VolumeReader {
 public:
  TiffVolumeReader(const std::filesystem::path& path, const TiffSelection& selection)
      : stack_(path),
        channel_(selection.channel.value_or(0)),
        first_frame_(selection.frame.value_or(0)) {
    stack_.require_channel(selection);
    const PageType& type = stack_.file().type();
    info_ = {{type.x, type.y, stack_.slices()},
             type.dtype,
             stack_.spacing(),
             selection.frame ? 1 : stack_.frames(),
             {type.x, type.y, 1}};
  }

  void read(const Region& region, std::int64_t frame, Image& pixels) override {
    require_inside(info_, region, frame, pixels);
    const Index& origin = region.origin;
    const Shape& extent = region.extent;
    const std::size_t item = bytes_of(info_.dtype);
    const auto rows_bytes = static_cast<std::size_t>(info_.shape.x * extent.y) * item;
    tbb::parallel_for(std::int64_t{0}, extent.z, [&](std::int64_t z) {
      std::unique_ptr<TiffFile> file;
      if (!files_.try_pop(file)) file = std::make_unique<TiffFile>(stack_.file());
      const std::int64_t page = stack_.page(channel_, first_frame_ + frame, origin.z + z);
      std::byte* to = pixels.data() + static_cast<std::size_t>(offset(extent, 0, 0, z)) * item;
      if (extent.x == info_.shape.x) {
        file->read_rows(page, origin.y, extent.y, to);
      } else {
        const auto rows = std::make_unique_for_overwrite<std::byte[]>(rows_bytes);
        file->read_rows(page, origin.y, extent.y, rows.get());
        copy_box({rows.get(), {info_.shape.x, extent.y, 1}, {origin.x, 0, 0}},
                 {to, {extent.x, extent.y, 1}, {}}, {extent.x, extent.y, 1}, item);
      }
      files_.push(std::move(file));
    });
  }

 private:
  TiffStack stack_;
  const std::int64_t channel_, first_frame_;
  tbb::concurrent_queue<std::unique_ptr<TiffFile>> files_;  ///< handles that nobody is using
};

}  // namespace

std::unique_ptr<VolumeReader> open_tiff_volume(const std::filesystem::path& path,
                                               const TiffSelection& selection) {
  return std::make_unique<TiffVolumeReader>(path, selection);
}

}  // namespace voxelmark
