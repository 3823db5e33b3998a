#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "datasets/volume.hpp"

namespace voxelmark {

/// What to read of a Zarr volume, and with how much memory.
struct ZarrSelection {
  std::optional<int> channel = {};  ///< counted from 0; needed where there are several
  int level = 0;                    ///< of the pyramid; 0 is the largest
  std::size_t cache_bytes = std::size_t{256} << 20;  ///< for decoded chunks
};

/// Opens a folder with an image in OME-NGFF 0.4 (Zarr 2) or 0.5 (Zarr 3), or a Zarr array by
/// itself, whose axes are then taken for the last of t, c, z, y, x. docs/volumes.md says what is
/// read. Chunks that are not stored have the array's fill value.
///
/// Throws BadInput, naming the file and what to do, on anything else, and on a volume whose writer
/// did not come to its end.
std::unique_ptr<VolumeReader> open_ome_zarr(const std::filesystem::path& path,
                                            const ZarrSelection& selection = {});

/// How a Zarr volume is stored.
struct ZarrFormat {
  enum class Compression { none, lz4, zstd };
  enum class Shuffle { none, byte, bit };
  int version = 2;                             ///< of Zarr: 2 is OME-NGFF 0.4, 3 is 0.5
  Compression compression = Compression::lz4;  ///< by blosc
  Shuffle shuffle = Shuffle::byte;
};

/// Makes a folder that is marked incomplete until VolumeWriter::finish, with metadata and no chunk.
/// Chunks appear whole or not at all. `task` says what is being written, for those who resume it.
/// Throws BadInput where `path` exists or cannot be made, and where the type, the spacing or a
/// chunk cannot be stored.
std::unique_ptr<VolumeWriter> create_ome_zarr(const std::filesystem::path& path,
                                              const VolumeInfo& info, const ZarrFormat& format = {},
                                              const std::string& task = "");

/// Goes on with a volume that is marked incomplete, and removes what killed writers left; nobody
/// else may be writing. Throws BadInput where there is no such volume, or it was begun for another
/// task.
std::unique_ptr<VolumeWriter> resume_ome_zarr(const std::filesystem::path& path,
                                              const std::string& task = "");

/// The same for one of several processes that write a volume at once. Removes nothing.
std::unique_ptr<VolumeWriter> join_ome_zarr(const std::filesystem::path& path);

/// Adds the levels 1 to `levels` to a volume that has level 0 alone. Each halves the extents of the
/// one before, rounded up: a voxel is the mean of its 2x2x2 block, rounded half to even, or of
/// labels (u32) the block's first voxel; blocks at the end may hold fewer. Memory is bounded by the
/// chunks that the threads work on. Throws BadInput where it cannot be read or written; the volume
/// then stays as it was.
void write_pyramid(const std::filesystem::path& path, int levels);

}  // namespace voxelmark
