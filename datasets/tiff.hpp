#pragma once
#include <filesystem>
#include <optional>

#include "engines/core/image.hpp"

namespace voxelmark {

/// Which channel and time point of a hyperstack to read, counted from 0.
struct TiffSelection {
  std::optional<int> channel, frame;
};

/// Reads a TIFF file as one image: pages are z, x fastest.
///
/// u8, u16, u32, i32 (as u32; negative values are refused) and f32; both byte orders; strips and
/// tiles; classic and BigTIFF; every compression of libtiff that keeps grey levels exact. Pixels
/// are taken as stored: of palette images the indices, of white-is-zero images without inversion.
///
/// ImageJ stacks give their spacing in µm, and 1 where their unit is no length; so do all other
/// files, whose resolution is one of printing. Read too is the form that ImageJ writes past 4 GB,
/// one page that stands for all. A hyperstack of several channels or frames needs `selection` for
/// each of them.
///
/// Throws BadInput, naming the file and what to do, on anything else, and TooLarge where the pixels
/// do not fit this machine's memory.
Image read_tiff(const std::filesystem::path& path, const TiffSelection& selection = {});

/// Writes an uncompressed TIFF, one page a slice; BigTIFF from 4 GB on. u8, u16 and f32 become an
/// ImageJ stack that keeps its spacing. ImageJ has no u32: it becomes a plain TIFF, without
/// spacing.
///
/// The file appears whole or not at all. Throws BadInput where it cannot be written.
void write_tiff(const std::filesystem::path& path, const Image& image);

}  // namespace voxelmark
