#include "datasets/zarr_array.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "datasets/volume_regions.hpp"
#include "datasets/zarr_codecs.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace fs = std::filesystem;

namespace {

/// A file that stays open for reading; none where it does not exist. Throws BadInput, without the
/// file's name.
class StoredFile {
 public:
  explicit StoredFile(const fs::path& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0 && errno != ENOENT) throw BadInput(std::strerror(errno));
    struct stat status {};
    if (file_ >= 0 && fstat(file_, &status) == 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      is_regular_ = S_ISREG(status.st_mode);
    }
  }
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;
  ~StoredFile() {
    if (file_ >= 0) close(file_);
  }

  bool exists() const { return file_ >= 0; }
  std::size_t size() const { return size_; }

  /// Of `size` bytes at most `most`, which is checked before memory is taken.
  Bytes read(std::size_t from, std::size_t size, std::size_t most) const {
    if (!is_regular_) throw BadInput("is not a regular file");
    if (from > size_ || size > size_ - from) throw BadInput("is truncated");
    if (size > most)
      throw BadInput("is damaged: " + human_bytes(static_cast<double>(size)) +
                     " are more than a chunk can take");
    Bytes bytes(size);
    for (std::size_t done = 0; done < size;) {
      const ssize_t got =
          pread(file_, bytes.data() + done, size - done, static_cast<off_t>(from + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw BadInput(std::strerror(errno));
      if (got == 0) throw BadInput("is truncated");
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  int file_;
  std::size_t size_ = 0;
  bool is_regular_ = false;
};

/// What was decoded last, up to a number of bytes.
class ChunkCache {
 public:
  using Key = std::pair<bool, ZarrIndex>;  ///< whether it is a shard's index, and which
  using Value = std::shared_ptr<const Bytes>;

  explicit ChunkCache(std::size_t limit) : limit_(limit) {}

  Value find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->second;
  }

  void insert(const Key& key, Value value) {
    const std::lock_guard lock(mutex_);
    if (value->size() > limit_ || places_.contains(key)) return;
    bytes_ += value->size();
    entries_.emplace_front(key, std::move(value));
    places_[key] = entries_.begin();
    for (; bytes_ > limit_; entries_.pop_back()) {
      bytes_ -= entries_.back().second->size();
      places_.erase(entries_.back().first);
    }
  }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  std::mutex mutex_;
  const std::size_t limit_;
  std::size_t bytes_ = 0;
  Entries entries_;  ///< the last used one first
  std::map<Key, Entries::iterator> places_;
};

/// The part of a chunk that lies in a region.
struct Part {
  ZarrIndex chunk{};  ///< its numbers
  Index in_chunk, in_region;
  Shape extent;
};

/// The chunks of one frame, and one channel, that a region touches.
class Parts {
 public:
  Parts(const ZarrArray& array, const Region& region, std::int64_t frame, std::int64_t channel)
      : array_(array), region_(region) {
    const auto& [origin, extent] = region;
    const ZarrIndex from{frame, channel, origin.z, origin.y, origin.x};
    const ZarrIndex extents{1, 1, extent.z, extent.y, extent.x};
    for (std::size_t i = 0; i < axis_count; ++i) {
      first_[i] = from[i] / array.chunk[i];
      counts_[i] = (from[i] + extents[i] - 1) / array.chunk[i] + 1 - first_[i];
    }
  }

  std::int64_t count() const { return counts_[axis_z] * counts_[axis_y] * counts_[axis_x]; }

  Part operator[](std::int64_t number) const {
    const Shape counts{counts_[axis_x], counts_[axis_y], counts_[axis_z]};
    Part part;
    part.chunk = first_;
    part.chunk[axis_x] += number % counts.x;
    part.chunk[axis_y] += number / counts.x % counts.y;
    part.chunk[axis_z] += number / counts.x / counts.y;
    const auto along = [&](ZarrAxis axis, std::int64_t origin, std::int64_t extent) {
      const std::int64_t start = part.chunk[axis] * array_.chunk[axis];
      const std::int64_t from = std::max(start, origin);
      const std::int64_t to = std::min(start + array_.chunk[axis], origin + extent);
      return std::tuple{from - start, from - origin, to - from};
    };
    const auto& [origin, extent] = region_;
    std::tie(part.in_chunk.x, part.in_region.x, part.extent.x) = along(axis_x, origin.x, extent.x);
    std::tie(part.in_chunk.y, part.in_region.y, part.extent.y) = along(axis_y, origin.y, extent.y);
    std::tie(part.in_chunk.z, part.in_region.z, part.extent.z) = along(axis_z, origin.z, extent.z);
    return part;
  }

 private:
  const ZarrArray& array_;
  const Region region_;
  ZarrIndex first_{}, counts_{};
};

class ArrayReader final : public VolumeReader {
 public:
  ArrayReader(const ZarrImage& image, int channel, std::size_t cache_bytes)
      : array_(image.array), channel_(channel), cache_(cache_bytes) {
    info_ = info_of(image);
  }

  void read(const Region& region, std::int64_t frame, Image& pixels) override {
    require_inside(info_, region, frame, pixels);
    const Parts parts(array_, region, frame, channel_);
    tbb::parallel_for(std::int64_t{0}, parts.count(), [&](std::int64_t i) {
      const Part part = parts[i];
      const BoxIn<std::byte> to{pixels.data(), region.extent, part.in_region};
      const auto chunk = this->chunk(part.chunk);
      if (!chunk) return fill(to, part.extent);
      // A chunk may hold several frames and channels.
      const auto within = [&](ZarrAxis axis, std::int64_t at) { return at % array_.chunk[axis]; };
      const std::size_t volumes = array_.chunk[axis_t] * array_.chunk[axis_c];
      const std::size_t volume =
          within(axis_t, frame) * array_.chunk[axis_c] + within(axis_c, channel_);
      const std::byte* from = chunk->data() + chunk->size() / volumes * volume;
      copy_box({from, info_.chunk, part.in_chunk}, to, part.extent, bytes_of(info_.dtype));
    });
  }

 private:
  /// None where the chunk is not stored.
  std::shared_ptr<const Bytes> chunk(const ZarrIndex& at) {
    if (auto cached = cache_.find({false, at})) return cached;
    const fs::path file = array_.file_of(at);
    try {
      auto loaded = load(file, at);
      if (loaded) cache_.insert({false, at}, loaded);
      return loaded;
    } catch (const BadInput& error) {
      throw BadInput(file.string() + ": chunk " + array_.numbers(at) + ": " + error.what());
    }
  }

  std::shared_ptr<const Bytes> load(const fs::path& path, const ZarrIndex& at) {
    const StoredFile file(path);
    if (!file.exists()) return nullptr;
    std::size_t from = 0, size = file.size();
    const auto& sharding = array_.codecs.sharding;
    if (sharding) {
      std::tie(from, size) = place_in_shard(file, at);
      if (from == absent && size == absent) return nullptr;
    }
    const std::size_t bytes = array_.chunk_bytes();
    return std::make_shared<const Bytes>(decode(sharding ? sharding->codecs : array_.codecs.codecs,
                                                file.read(from, size, largest_stored(bytes)),
                                                bytes_of(info_.dtype), bytes));
  }

  /// Where the chunk begins in its file, and its bytes; `absent` both where it is not stored.
  std::pair<std::uint64_t, std::uint64_t> place_in_shard(const StoredFile& file,
                                                         const ZarrIndex& at) {
    ZarrIndex shard{};
    std::size_t number = 0;
    for (std::size_t i = 0; i < axis_count; ++i) {
      shard[i] = at[i] / array_.shard[i];
      number = number * array_.shard[i] + at[i] % array_.shard[i];
    }
    auto index = cache_.find({true, shard});
    if (!index) {
      index = std::make_shared<const Bytes>(shard_index(file));
      cache_.insert({true, shard}, index);
    }
    std::pair<std::uint64_t, std::uint64_t> place;
    std::memcpy(&place.first, index->data() + 16 * number, 8);
    std::memcpy(&place.second, index->data() + 16 * number + 8, 8);
    return place;
  }

  Bytes shard_index(const StoredFile& file) const {
    const Sharding& sharding = *array_.codecs.sharding;
    std::size_t bytes = 2 * sizeof(std::uint64_t);
    for (const std::int64_t count : array_.shard) bytes *= count;
    const std::size_t stored = bytes + 4 * sharding.index_codecs.steps.size();  // checksums
    if (stored > file.size()) throw BadInput("is truncated: it lacks the index of its chunks");
    return decode(sharding.index_codecs,
                  file.read(sharding.index_first ? 0 : file.size() - stored, stored, stored),
                  sizeof(std::uint64_t), bytes);
  }

  void fill(const BoxIn<std::byte>& to, const Shape& extent) const {
    visit(info_.dtype, [&]<class T>(std::type_identity<T>) {
      T value{};
      std::memcpy(&value, array_.fill.data(), sizeof(T));
      T* pixels = reinterpret_cast<T*>(to.pixels);
      for (std::int64_t z = 0; z < extent.z; ++z)
        for (std::int64_t y = 0; y < extent.y; ++y)
          std::fill_n(pixels + offset(to.shape, to.origin.x, to.origin.y + y, to.origin.z + z),
                      extent.x, value);
    });
  }

  static constexpr std::uint64_t absent = std::numeric_limits<std::uint64_t>::max();
  const ZarrArray array_;
  const std::int64_t channel_;
  ChunkCache cache_;
};

class ArrayWriter final : public VolumeWriter {
 public:
  ArrayWriter(const fs::path& group, const ZarrImage& image, std::shared_ptr<void> lock)
      : group_(group), array_(image.array), lock_(std::move(lock)) {
    info_ = info_of(image);
  }

  bool holds(const Region& region, std::int64_t frame) const override {
    const Parts parts(array_, region, frame, 0);
    std::error_code ignored;
    for (std::int64_t i = 0; i < parts.count(); ++i)
      if (!fs::exists(array_.file_of(parts[i].chunk), ignored)) return false;
    return true;
  }

  void write(const Region& region, std::int64_t frame, const Image& pixels) override {
    require_inside(info_, region, frame, pixels);
    require_aligned(region);
    const Parts parts(array_, region, frame, 0);
    const std::size_t item = bytes_of(info_.dtype);
    tbb::parallel_for(std::int64_t{0}, parts.count(), [&](std::int64_t i) {
      const Part part = parts[i];
      Bytes chunk(array_.chunk_bytes());
      if (part.extent != info_.chunk) std::memset(chunk.data(), 0, chunk.size());
      copy_box({pixels.data(), region.extent, part.in_region}, {chunk.data(), info_.chunk, {}},
               part.extent, item);
      store(array_.file_of(part.chunk), encode(array_.codecs.codecs, std::move(chunk), item));
    });
  }

  void finish() override {
    nlohmann::json attributes = read_group_attributes(group_);
    attributes.erase("voxelmark");
    write_group_attributes(group_, array_.version, attributes);
  }

 private:
  void require_aligned(const Region& region) const {
    const auto aligned = [](std::int64_t from, std::int64_t extent, std::int64_t chunk,
                            std::int64_t all) {
      return from % chunk == 0 && (extent % chunk == 0 || from + extent == all);
    };
    const auto& [origin, extent] = region;
    const auto& [shape, chunk] = std::tie(info_.shape, info_.chunk);
    if (!aligned(origin.x, extent.x, chunk.x, shape.x) ||
        !aligned(origin.y, extent.y, chunk.y, shape.y) ||
        !aligned(origin.z, extent.z, chunk.z, shape.z))
      throw std::logic_error("a region that does not consist of whole chunks");
  }

  static void store(const fs::path& file, const Bytes& bytes) {
    write_atomically(file, [&](const fs::path& temporary) {
      fs::create_directories(file.parent_path());
      errno = 0;
      std::ofstream stream(temporary, std::ios::binary);
      stream.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
      stream.close();  // here a full disk may first show
      if (!stream)
        throw BadInput("cannot write " + file.string() + ": " +
                       (errno ? std::strerror(errno) : "unknown reason"));
    });
  }

  const fs::path group_;
  const ZarrArray array_;
  std::shared_ptr<void> lock_;
};

}  // namespace

VolumeInfo info_of(const ZarrImage& image) {
  const auto shape = [](const ZarrIndex& n) { return Shape{n[axis_x], n[axis_y], n[axis_z]}; };
  return {shape(image.array.shape), image.array.dtype, image.spacing, image.array.shape[axis_t],
          shape(image.array.chunk)};
}

std::unique_ptr<VolumeReader> array_reader(const ZarrImage& image, int channel,
                                           std::size_t cache_bytes) {
  return std::make_unique<ArrayReader>(image, channel, cache_bytes);
}

std::unique_ptr<VolumeWriter> array_writer(const ZarrImage& image, const fs::path& group,
                                           std::shared_ptr<void> lock) {
  return std::make_unique<ArrayWriter>(group, image, std::move(lock));
}

}  // namespace voxelmark
