#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "datasets/ome_zarr.hpp"
#include "datasets/zarr_codecs.hpp"

namespace voxelmark {

/// The axes of OME-NGFF, slowest first.
enum ZarrAxis { axis_t, axis_c, axis_z, axis_y, axis_x, axis_count };

/// A number for each of them; where an array lacks one, its extents are 1 and its positions 0.
using ZarrIndex = std::array<std::int64_t, axis_count>;

/// An array, of version 2 or 3, as its metadata describe it.
struct ZarrArray {
  std::filesystem::path folder;
  int version = 2;
  std::vector<ZarrAxis> axes;      ///< those that it has
  ZarrIndex shape, chunk;          ///< in pixels; chunks of a shard, where there are shards
  ZarrIndex shard{1, 1, 1, 1, 1};  ///< chunks in a file
  DType dtype = DType::u8;
  std::array<std::byte, 8> fill{};  ///< a pixel of chunks that are not stored
  bool c_first = false;             ///< chunks lie below "c"
  char separator = '.';
  ArrayCodecs codecs;

  std::size_t chunk_bytes() const;
  /// The number of a chunk along each axis, as in "2, 0, 1".
  std::string numbers(const ZarrIndex& at) const;
  /// The file that holds the chunk.
  std::filesystem::path file_of(const ZarrIndex& at) const;
};

/// An image that can be read: one level of a group, or an array by itself.
struct ZarrImage {
  ZarrArray array;
  Spacing spacing;
  bool incomplete = false;  ///< its writer did not come to its end
  std::string task{};       ///< what that one wrote
  std::size_t levels = 1;
};

/// Throws BadInput, naming the file, where there is none, or it is not read.
ZarrImage read_zarr_image(const std::filesystem::path& path, int level);

/// The attributes of a group, in which the OME-NGFF's and Voxelmark's lie.
nlohmann::json read_group_attributes(const std::filesystem::path& group);
void write_group_attributes(const std::filesystem::path& group, int version,
                            const nlohmann::json& attributes);

/// The part of a group's attributes that holds the "multiscales".
nlohmann::json& ome_of(nlohmann::json& attributes);

/// An array as the writer makes it, of the shape and the chunk of `info`.
ZarrArray new_array(const std::filesystem::path& folder, const VolumeInfo& info,
                    const ZarrFormat& format);
void write_array_metadata(const ZarrArray& array);

/// The attributes of a group with one level, "0", that is such an array.
nlohmann::json new_group_attributes(const ZarrArray& array, const std::string& name,
                                    const Spacing& spacing);

/// The entry of a level that is called `name`, made from that of level 0. Along each axis one of
/// its voxels is `factors` of those; `centred` if it lies in their middle, not at the first one.
nlohmann::json level_entry(const nlohmann::json& level_0, const std::vector<ZarrAxis>& axes,
                           const ZarrIndex& factors, bool centred, const std::string& name);

/// Removes what killed writers left below a group: whatever has ".tmp-" in its name. Throws
/// BadInput where it cannot be removed.
void remove_leftovers(const std::filesystem::path& group);

}  // namespace voxelmark
