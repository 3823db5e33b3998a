#include "datasets/open_volume.hpp"

#include "datasets/tiff_volume.hpp"
#include "engines/core/error.hpp"

namespace voxelmark {

std::unique_ptr<VolumeReader> open_volume(const std::filesystem::path& path,
                                          const ZarrSelection& selection) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return open_ome_zarr(path, selection);
  auto volume = open_tiff_volume(path, {selection.channel, {}});
  if (selection.level != 0)
    throw BadInput(path.string() + ": has no level " + std::to_string(selection.level) +
                   "; a TIFF file has level 0 alone");
  return volume;
}

}  // namespace voxelmark
