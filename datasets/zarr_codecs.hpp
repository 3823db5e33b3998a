#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace voxelmark {

/// Bytes in memory, which hold no particular value at first.
class Bytes {
 public:
  explicit Bytes(std::size_t size)
      : data_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {}
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void shrink(std::size_t size) { size_ = size; }

 private:
  std::unique_ptr<std::byte[]> data_;
  std::size_t size_;
};

/// A step from bytes to bytes: "blosc", "zlib", "gzip", "zstd" or "crc32c".
struct ByteCodec {
  std::string name;
  std::string inner = "lz4";   ///< of blosc: what compresses; one that this c-blosc has
  int level = 5, shuffle = 1;  ///< of blosc: 0 none, 1 of bytes, 2 of bits
};

/// How the pixels of a chunk become the bytes that are stored.
struct ChunkCodecs {
  bool big_endian = false;
  std::vector<ByteCodec> steps;  ///< as they follow each other when a chunk is written
};

/// A file of many chunks with an index of where each one lies.
struct Sharding {
  std::vector<std::int64_t> chunk;  ///< extents of the chunks within
  ChunkCodecs codecs;               ///< of the chunks within
  ChunkCodecs index_codecs;         ///< which keep the size, or add a checksum
  bool index_first = false;         ///< or behind the chunks
};

/// The codecs of an array of Zarr 3.
struct ArrayCodecs {
  ChunkCodecs codecs;
  std::optional<Sharding> sharding;  ///< where there is, `codecs` says nothing
};

/// The "compressor" of an array of Zarr 2. Like parse_codecs, throws BadInput, without a file's
/// name, where a codec is not read: its line names those that are.
ChunkCodecs parse_compressor(const nlohmann::json& compressor);

/// The "codecs" of an array of Zarr 3 that has `dims` axes and pixels of `item` bytes.
ArrayCodecs parse_codecs(const nlohmann::json& codecs, std::size_t dims, std::size_t item);

/// The most bytes that a chunk of `bytes` may take when stored; more is damage.
std::size_t largest_stored(std::size_t bytes);

/// The `bytes` bytes of a chunk, of which `item` make up a pixel, in this machine's byte order.
/// Whatever `stored` holds, the memory taken is bounded by that. Throws BadInput, without a file's
/// name, where it is damaged, or is more or less than `bytes`.
Bytes decode(const ChunkCodecs& codecs, Bytes stored, std::size_t item, std::size_t bytes);

/// The chunk, of less than 2 GiB, as it is to be stored. Throws BadInput for steps other than
/// blosc.
Bytes encode(const ChunkCodecs& codecs, Bytes chunk, std::size_t item);

}  // namespace voxelmark
