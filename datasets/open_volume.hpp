#pragma once
#include <filesystem>
#include <memory>

#include "datasets/ome_zarr.hpp"
#include "datasets/volume.hpp"

namespace voxelmark {

/// Opens a folder as a Zarr volume, and a file as a TIFF volume, which has level 0 alone. Throws
/// BadInput where neither can be read.
std::unique_ptr<VolumeReader> open_volume(const std::filesystem::path& path,
                                          const ZarrSelection& selection = {});

}  // namespace voxelmark
