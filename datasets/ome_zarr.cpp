#include "datasets/ome_zarr.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string>

#include "datasets/zarr_array.hpp"
#include "datasets/zarr_metadata.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace fs = std::filesystem;

namespace {

constexpr double largest_chunk = 1 << 30;

/// What to do about a path where there is something.
std::string hint_to_resume(const fs::path& path) {
  try {
    if (read_zarr_image(path, 0).incomplete)
      return ", and is incomplete; go on with it by --resume, or name another";
  } catch (const BadInput&) {
    // No volume of ours.
  }
  return "; name another";
}

void require_writable(const fs::path& path, const VolumeInfo& info, const ZarrFormat& format) {
  const auto fail = [&](const std::string& why) {
    throw BadInput("cannot write " + path.string() + ": " + why);
  };
  const auto& [x, y, z] = info.spacing;
  if (format.version != 2 && format.version != 3)
    fail("there is no Zarr version " + std::to_string(format.version) + "; 2 and 3 are written");
  if (std::min({info.shape.x, info.shape.y, info.shape.z, info.frames}) < 1)
    fail("the image has no pixels");
  if (std::min({info.chunk.x, info.chunk.y, info.chunk.z}) < 1) fail("its chunks have no pixels");
  const double chunk_bytes = static_cast<double>(info.chunk.x) * static_cast<double>(info.chunk.y) *
                             static_cast<double>(info.chunk.z) *
                             static_cast<double>(bytes_of(info.dtype));
  if (chunk_bytes > largest_chunk)
    fail("a chunk would take " + human_bytes(chunk_bytes) +
         ", more than 1 GiB; choose smaller ones");
  if (info.dtype == DType::f64) fail("its pixels are f64, not u8, u16, u32 or f32");
  for (const double distance : {x, y, z})
    if (!(distance > 0 && std::isfinite(distance)))
      fail("a spacing of " + shortest(distance) + " µm is no distance");
  if (fs::exists(path)) fail("exists already" + hint_to_resume(path));
}

/// As long as anyone keeps it, others can share it, or nobody else can have it. Where the system
/// has no locks there is none.
class FolderLock {
 public:
  FolderLock(const fs::path& folder, int mode)
      : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ >= 0 && flock(descriptor_, mode | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      close(descriptor_);
      throw BadInput(folder.string() + ": another run is writing it; wait for that one's end");
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  void share() const {
    if (descriptor_ >= 0) flock(descriptor_, LOCK_SH);
  }

 private:
  int descriptor_;
};

/// The volume that is incomplete. Throws BadInput where there is none.
ZarrImage incomplete_image(const fs::path& path) {
  ZarrImage image = read_zarr_image(path, 0);
  if (!image.incomplete)
    throw BadInput(path.string() +
                   ": is complete, or was not written by Voxelmark: there is "
                   "nothing to go on with");
  return image;
}

}  // namespace

std::unique_ptr<VolumeReader> open_ome_zarr(const fs::path& path, const ZarrSelection& selection) {
  const ZarrImage image = read_zarr_image(path, selection.level);
  const auto fail = [&](const std::string& why) { throw BadInput(path.string() + ": " + why); };
  if (image.incomplete)
    fail("is incomplete: its writer did not come to its end; go on with it by --resume");
  const std::int64_t channels = image.array.shape[axis_c];
  if (channels > 1 && !selection.channel)
    fail("holds " + std::to_string(channels) + " channels; choose with --channel, from 0");
  const int channel = selection.channel.value_or(0);
  if (channel < 0 || channel >= channels)
    fail("has no channel " + std::to_string(channel) + "; it holds " + std::to_string(channels) +
         ", counted from 0");
  return array_reader(image, channel, selection.cache_bytes);
}

std::unique_ptr<VolumeWriter> create_ome_zarr(const fs::path& path, const VolumeInfo& info,
                                              const ZarrFormat& format, const std::string& task) {
  require_writable(path, info, format);
  const fs::path folder = path.has_filename() ? path : path.parent_path();  // without a last '/'
  // All of the metadata appear at once.
  const fs::path temporary = folder.string() + ".tmp-" + std::to_string(getpid());
  try {
    fs::create_directory(temporary);
    fs::create_directory(temporary / "0");
    const ZarrArray array = new_array(temporary / "0", info, format);
    write_array_metadata(array);
    auto attributes = new_group_attributes(array, folder.stem().string(), info.spacing);
    attributes["voxelmark"] = {{"incomplete", true}, {"task", task}};
    if (format.version == 2) write_text(temporary / ".zgroup", "{\"zarr_format\": 2}\n");
    write_group_attributes(temporary, format.version, attributes);
    fs::rename(temporary, folder);
  } catch (const std::exception& error) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    const auto* system = dynamic_cast<const fs::filesystem_error*>(&error);
    throw BadInput("cannot write " + path.string() + ": " +
                   (system ? system->code().message() : error.what()));
  }
  return join_ome_zarr(folder);
}

std::unique_ptr<VolumeWriter> resume_ome_zarr(const fs::path& path, const std::string& task) {
  const ZarrImage image = incomplete_image(path);
  if (image.task != task)
    throw BadInput(path.string() + ": was begun for " + image.task + ", and not for " + task +
                   "; go on with it by the same options, or name another");
  const auto lock = std::make_shared<FolderLock>(path, LOCK_EX);
  remove_leftovers(path);
  lock->share();
  return array_writer(image, path, lock);
}

std::unique_ptr<VolumeWriter> join_ome_zarr(const fs::path& path) {
  return array_writer(incomplete_image(path), path, std::make_shared<FolderLock>(path, LOCK_SH));
}

}  // namespace voxelmark
