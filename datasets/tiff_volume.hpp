#pragma once
#include <filesystem>
#include <memory>

#include "datasets/tiff.hpp"
#include "datasets/volume.hpp"

namespace voxelmark {

/// Opens a TIFF file, of the kinds that read_tiff reads, to read the rows of pages that a region
/// touches. Its frames are the time points of a hyperstack, or the selected one alone; of several
/// channels one has to be selected. Throws BadInput as read_tiff does.
std::unique_ptr<VolumeReader> open_tiff_volume(const std::filesystem::path& path,
                                               const TiffSelection& selection = {});

}  // namespace voxelmark
