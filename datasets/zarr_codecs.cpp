#include "datasets/zarr_codecs.hpp"

#include <blosc.h>
#include <nmmintrin.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "pixels are taken as they lie");

constexpr std::size_t checksum_bytes = 4;

/// Of blosc, also refuses what this c-blosc was built without.
ByteCodec byte_codec(const std::string& name, const json& settings,
                     const std::vector<std::string>& known) {
  if (std::ranges::find(known, name) == known.end())
    throw BadInput("uses the codec '" + name +
                   "', which is not read; those that are: " + join(known, ", "));
  ByteCodec codec{name};
  if (name != "blosc") return codec;
  codec.inner = settings.value("cname", codec.inner);
  if (blosc_compname_to_compcode(codec.inner.c_str()) < 0)
    throw BadInput("uses the codec blosc with '" + codec.inner +
                   "', which is not read; those that are: " +
                   join(split(blosc_list_compressors(), ','), ", "));
  codec.level = settings.value("clevel", 5);
  const json shuffle = settings.value("shuffle", json(1));
  if (shuffle.is_string())
    codec.shuffle = shuffle == "bitshuffle" ? 2 : shuffle == "shuffle" ? 1 : 0;
  else
    codec.shuffle = std::clamp(shuffle.get<int>(), 0, 2);
  return codec;
}

/// A codec's name and its settings: Zarr 3 lets one without settings be a mere name.
std::pair<std::string, json> named(const json& codec) {
  if (codec.is_string()) return {codec.get<std::string>(), json::object()};
  return {codec.at("name").get<std::string>(), codec.value("configuration", json::object())};
}

bool is_big_endian(const json& settings, std::size_t item) {
  const std::string endian = item == 1 ? "little" : settings.at("endian").get<std::string>();
  if (endian != "little" && endian != "big")
    throw BadInput("has pixels in the byte order '" + endian + "', neither little nor big");
  return endian == "big";
}

void require_identity(const json& settings, std::size_t dims) {
  const json order = settings.value("order", json());
  std::vector<std::size_t> identity(dims);
  std::iota(identity.begin(), identity.end(), 0);
  if (order != "C" && order != json(identity))
    throw BadInput(
        "uses the codec transpose to another order of axes, which is not read; save it "
        "in C order");
}

Sharding parse_sharding(const json& settings, std::size_t dims, std::size_t item) {
  Sharding sharding{settings.at("chunk_shape").get<std::vector<std::int64_t>>(), {}, {}};
  const ArrayCodecs inner = parse_codecs(settings.at("codecs"), dims, item);
  const ArrayCodecs index =
      parse_codecs(settings.at("index_codecs"), dims + 1, sizeof(std::uint64_t));
  if (inner.sharding || index.sharding) throw BadInput("has shards within shards, not read");
  for (const ByteCodec& step : index.codecs.steps)
    if (step.name != "crc32c")
      throw BadInput("compresses the index of its shards by " + step.name + ", which is not read");
  sharding.codecs = inner.codecs;
  sharding.index_codecs = index.codecs;
  const std::string location = settings.value("index_location", "end");
  if (location != "start" && location != "end")
    throw BadInput("has the index of its shards at '" + location + "', neither start nor end");
  sharding.index_first = location == "start";
  return sharding;
}

/// Castagnoli's checksum.
std::uint32_t crc32c(const std::byte* data, std::size_t size) {
  std::uint64_t sum = 0xffffffff;
  for (; size >= 8; size -= 8, data += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, 8);
    sum = _mm_crc32_u64(sum, word);
  }
  auto narrow = static_cast<std::uint32_t>(sum);
  for (; size > 0; --size, ++data) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*data));
  return ~narrow;
}

Bytes without_checksum(Bytes stored) {
  if (stored.size() < checksum_bytes) throw BadInput("is truncated");
  const std::size_t size = stored.size() - checksum_bytes;
  std::uint32_t sum = 0;
  std::memcpy(&sum, stored.data() + size, checksum_bytes);
  if (crc32c(stored.data(), size) != sum) throw BadInput("is damaged: its checksum is wrong");
  stored.shrink(size);
  return stored;
}

BadInput damaged(const ByteCodec& codec) {
  return BadInput("is truncated or damaged: " + codec.name + " cannot decompress it");
}

BadInput too_long(std::size_t limit) {
  return BadInput("is damaged: it holds more than " + std::to_string(limit) + " bytes");
}

/// Zlib's and gzip's streams, of which gzip may have several.
Bytes inflated(const ByteCodec& codec, const Bytes& stored, std::size_t limit) {
  z_stream stream{};
  const int gzip_too = 16, window = MAX_WBITS;
  if (inflateInit2(&stream, codec.name == "gzip" ? window + gzip_too : window) != Z_OK)
    throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, &inflateEnd);
  Bytes result(limit);
  std::size_t read = 0, written = 0;
  for (int status = Z_OK; status != Z_STREAM_END || read < stored.size();) {
    if (status == Z_STREAM_END && inflateReset(&stream) != Z_OK) throw damaged(codec);
    // A stream counts in 32 bits.
    const auto piece = [](std::size_t bytes) {
      return static_cast<uInt>(std::min<std::size_t>(bytes, 1 << 30));
    };
    stream.next_in =
        reinterpret_cast<Bytef*>(const_cast<std::byte*>(stored.data() + read));  // zlib lacks const
    stream.avail_in = piece(stored.size() - read);
    stream.next_out = reinterpret_cast<Bytef*>(result.data() + written);
    stream.avail_out = piece(limit - written);
    const uInt in = stream.avail_in, out = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
    const bool moved = in != stream.avail_in || out != stream.avail_out;
    if (status == Z_STREAM_END || (status == Z_OK && moved)) continue;
    throw written == limit && read < stored.size() ? too_long(limit) : damaged(codec);
  }
  result.shrink(written);
  return result;
}

Bytes decompressed(const ByteCodec& codec, const Bytes& stored, std::size_t limit) {
  if (codec.name == "zlib" || codec.name == "gzip") return inflated(codec, stored, limit);
  if (codec.name == "zstd") {
    Bytes result(limit);
    const std::size_t size = ZSTD_decompress(result.data(), limit, stored.data(), stored.size());
    if (ZSTD_isError(size))
      throw ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall ? too_long(limit)
                                                                   : damaged(codec);
    result.shrink(size);
    return result;
  }
  std::size_t size = 0;
  if (blosc_cbuffer_validate(stored.data(), stored.size(), &size) < 0) throw damaged(codec);
  if (size > limit) throw too_long(limit);
  Bytes result(size);
  if (blosc_decompress_ctx(stored.data(), result.data(), size, 1) != static_cast<int>(size))
    throw damaged(codec);
  return result;
}

void swap_bytes(Bytes& chunk, std::size_t item) {
  for (std::size_t i = 0; i + item <= chunk.size(); i += item)
    std::reverse(chunk.data() + i, chunk.data() + i + item);
}

}  // namespace

ChunkCodecs parse_compressor(const json& compressor) {
  if (compressor.is_null()) return {};
  return {false,
          {byte_codec(compressor.at("id").get<std::string>(), compressor,
                      {"blosc", "zlib", "gzip", "zstd"})}};
}

ArrayCodecs parse_codecs(const json& codecs, std::size_t dims, std::size_t item) {
  if (!codecs.is_array()) throw BadInput("has a damaged list of codecs");
  ArrayCodecs result;
  bool is_bytes = false;  // from the codec on that makes bytes of pixels
  for (const json& codec : codecs) {
    const auto [name, settings] = named(codec);
    const bool makes_bytes = name == "bytes" || name == "sharding_indexed";
    if (makes_bytes && is_bytes) throw BadInput("makes bytes of its pixels twice");
    if (name == "transpose") {
      if (is_bytes) throw BadInput("uses the codec transpose when its pixels are bytes already");
      require_identity(settings, dims);
    } else if (name == "bytes") {
      result.codecs.big_endian = is_big_endian(settings, item);
    } else if (name == "sharding_indexed") {
      result.sharding = parse_sharding(settings, dims, item);
    } else {
      result.codecs.steps.push_back(byte_codec(
          name, settings,
          {"bytes", "transpose", "sharding_indexed", "blosc", "gzip", "zstd", "crc32c"}));
      if (!is_bytes) throw BadInput("uses the codec " + name + " before its pixels are bytes");
    }
    is_bytes = is_bytes || makes_bytes;
  }
  if (!is_bytes) throw BadInput("has no codec that makes bytes of its pixels");
  if (result.sharding && !result.codecs.steps.empty())
    throw BadInput("uses the codec " + result.codecs.steps[0].name +
                   " on whole shards, which is not read");
  return result;
}

std::size_t largest_stored(std::size_t bytes) { return 2 * bytes + (std::size_t{64} << 10); }

Bytes decode(const ChunkCodecs& codecs, Bytes stored, std::size_t item, std::size_t bytes) {
  for (std::size_t i = codecs.steps.size(); i-- > 0;) {
    const ByteCodec& step = codecs.steps[i];
    if (step.name == "crc32c")
      stored = without_checksum(std::move(stored));
    else
      stored = decompressed(step, stored, i == 0 ? bytes : largest_stored(bytes));
  }
  if (stored.size() != bytes)
    throw BadInput("is truncated or damaged: it holds " + std::to_string(stored.size()) +
                   " bytes, not " + std::to_string(bytes));
  if (codecs.big_endian) swap_bytes(stored, item);
  return stored;
}

Bytes encode(const ChunkCodecs& codecs, Bytes chunk, std::size_t item) {
  if (codecs.big_endian) swap_bytes(chunk, item);
  for (const ByteCodec& step : codecs.steps) {
    if (step.name != "blosc") throw BadInput("the codec " + step.name + " is not written");
    Bytes compressed(chunk.size() + BLOSC_MAX_OVERHEAD);
    const int size =
        blosc_compress_ctx(step.level, step.shuffle, item, chunk.size(), chunk.data(),
                           compressed.data(), compressed.size(), step.inner.c_str(), 0, 1);
    if (size <= 0) throw BadInput("blosc cannot compress a chunk by " + step.inner);
    compressed.shrink(static_cast<std::size_t>(size));
    chunk = std::move(compressed);
  }
  return chunk;
}

}  // namespace voxelmark
