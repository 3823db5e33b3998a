#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>

#include "datasets/volume.hpp"
#include "datasets/zarr_metadata.hpp"

namespace voxelmark {

VolumeInfo info_of(const ZarrImage& image);

/// Reads one channel of an array, with a cache of decoded chunks.
std::unique_ptr<VolumeReader> array_reader(const ZarrImage& image, int channel,
                                           std::size_t cache_bytes);

/// Writes an array that has no channels. finish() clears the mark of the group that it lies in.
/// `lock` is kept as long as the writer is.
std::unique_ptr<VolumeWriter> array_writer(const ZarrImage& image,
                                           const std::filesystem::path& group,
                                           std::shared_ptr<void> lock = nullptr);

}  // namespace voxelmark
