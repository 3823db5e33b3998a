#include <sys/resource.h>
#include <zlib.h>
#include <zstd.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "datasets/ome_zarr.hpp"
#include "datasets/zarr_codecs.hpp"
#include "engines/core/error.hpp"
#include "tests/image_makers.hpp"
#include "tests/temporary_folder.hpp"
#include "tests/volume_regions.hpp"

namespace voxelmark {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void save(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// The message of a refusal, in one line.
std::string refusal(const std::function<void()>& run) {
  try {
    run();
  } catch (const BadInput& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  return "was not refused";
}

void expect_says(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message << "\n  lacks: " << part;
}

/// The metadata of an array by itself: uncompressed u16, 2 slices of 3x4 pixels, chunks of 2x3x1.
json version_2() {
  return {{"zarr_format", 2},   {"shape", {2, 4, 3}},    {"chunks", {1, 3, 2}},
          {"dtype", "<u2"},     {"compressor", nullptr}, {"fill_value", 7},
          {"filters", nullptr}, {"order", "C"},          {"dimension_separator", "/"}};
}

json with_settings(const std::string& name, const json& settings) {
  return {{"name", name}, {"configuration", settings}};
}

json version_3() {
  return {{"zarr_format", 3},
          {"node_type", "array"},
          {"shape", {2, 4, 3}},
          {"data_type", "uint16"},
          {"chunk_grid", with_settings("regular", {{"chunk_shape", {1, 3, 2}}})},
          {"chunk_key_encoding", with_settings("default", {{"separator", "/"}})},
          {"codecs", json::array({with_settings("bytes", {{"endian", "little"}})})},
          {"fill_value", 7},
          {"attributes", json::object()}};
}

json sharded(const std::string& location = "end") {
  json metadata = version_3();
  metadata["chunk_grid"]["configuration"]["chunk_shape"] = {2, 6, 4};
  const json bytes = with_settings("bytes", {{"endian", "little"}});
  metadata["codecs"] =
      json::array({with_settings("sharding_indexed", {{"chunk_shape", {1, 3, 2}},
                                                      {"codecs", json::array({bytes})},
                                                      {"index_codecs", json::array({bytes})},
                                                      {"index_location", location}})});
  return metadata;
}

json axis(const std::string& name, const json& unit = "micrometer") {
  json result{{"name", name}, {"type", name == "t" ? "time" : name == "c" ? "channel" : "space"}};
  if (!unit.is_null() && result["type"] == "space") result["unit"] = unit;
  return result;
}

json level(const std::string& path, const json& scale) {
  return {{"path", path},
          {"coordinateTransformations", json::array({{{"type", "scale"}, {"scale", scale}}})}};
}

class ZarrTest : public testing::Test {
 protected:
  /// An array by itself; its chunks are stored by put().
  void make(const json& metadata) {
    fs::remove_all(path);
    save(path / (metadata["zarr_format"] == 3 ? "zarr.json" : ".zarray"), metadata.dump());
  }
  void put(const std::string& name, const std::string& bytes) { save(path / name, bytes); }
  std::string refused(const ZarrSelection& selection = {}) {
    const std::string message = refusal([&] { open_ome_zarr(path, selection); });
    EXPECT_TRUE(message.starts_with(path.string())) << message;
    return message;
  }
  Image read_all(const ZarrSelection& selection = {}, std::int64_t frame = 0) {
    const auto volume = open_ome_zarr(path, selection);
    return read_region(*volume, {{}, volume->info().shape}, frame);
  }
  std::string reading_refused() {
    return refusal([&] { read_all(); });
  }

  /// A volume of noise with a given format, chunk by chunk. Gives its frames.
  std::vector<Image> write_noise(const VolumeInfo& info, const ZarrFormat& format = {}) {
    fs::remove_all(path);
    std::vector<Image> frames;
    const auto writer = create_ome_zarr(path, info, format);
    for (std::int64_t frame = 0; frame < info.frames; ++frame) {
      frames.push_back(generate("noise", info.shape, info.dtype, 5 + frame));
      writer->write({{}, info.shape}, frame, frames.back());
    }
    writer->finish();
    return frames;
  }

  /// A group with one image of version 2, of which level 0 has these axes.
  json group(const json& axes, const json& scale) {
    return {{"multiscales", json::array({{{"version", "0.4"},
                                          {"axes", axes},
                                          {"datasets", json::array({level("0", scale)})}}})}};
  }
  void make_group(const json& attributes, const json& array = version_2()) {
    fs::remove_all(path);
    save(path / ".zattrs", attributes.dump());
    save(path / "0" / ".zarray", array.dump());
  }

  const TemporaryFolder folder;
  const fs::path path = folder / "image.zarr";
};

TEST_F(ZarrTest, WhatIsWrittenIsRead) {
  using Compression = ZarrFormat::Compression;
  using Shuffle = ZarrFormat::Shuffle;
  for (const int version : {2, 3})
    for (const DType dtype : all_types)
      for (const ZarrFormat& format :
           {ZarrFormat{version, Compression::none}, ZarrFormat{version, Compression::lz4},
            ZarrFormat{version, Compression::lz4, Shuffle::none},
            ZarrFormat{version, Compression::zstd, Shuffle::bit}})
        for (const auto& [shape, chunk] : {std::pair{Shape{1, 1, 1}, Shape{4, 4, 1}},
                                           {Shape{33, 17, 1}, Shape{8, 8, 1}},
                                           {Shape{13, 9, 7}, Shape{5, 4, 3}},
                                           {Shape{8, 8, 2}, Shape{8, 8, 2}}})
          for (const std::int64_t frames : {1, 3}) {
            const VolumeInfo info{
                shape, dtype, {0.25, 0.5, shape.z > 1 ? 2.0 : 1.0}, frames, chunk};
            const auto written = write_noise(info, format);
            const auto volume = open_ome_zarr(path);
            ASSERT_EQ(volume->info().shape, shape);
            EXPECT_EQ(volume->info().dtype, dtype);
            EXPECT_EQ(volume->info().spacing, info.spacing);
            EXPECT_EQ(volume->info().frames, frames);
            EXPECT_EQ(volume->info().chunk, chunk);
            for (std::int64_t frame = 0; frame < frames; ++frame)
              for (const Region& region : regions_of(shape))
                ASSERT_TRUE(equal(read_region(*volume, region, frame),
                                  crop(written[static_cast<std::size_t>(frame)], region)))
                    << to_text(region) << " version " << version;
          }
}

TEST_F(ZarrTest, OnlyTheChunksOfARegionAreRead) {
  write_noise({{16, 16, 4}, DType::u16, {}, 1, {8, 8, 2}});
  const auto volume = open_ome_zarr(path);
  for (const auto& chunk : {"0/1/1/1", "0/0/1/0"}) save(path / chunk, "damaged");
  EXPECT_NO_THROW(read_region(*volume, {{8, 0, 0}, {8, 16, 2}}));
  EXPECT_THROW(read_region(*volume, {{7, 0, 0}, {8, 16, 2}}), BadInput);
  EXPECT_THROW(read_region(*volume, {{0, 0, 0}, {16, 16, 4}}), BadInput);
}

TEST_F(ZarrTest, RegionsOutsideAreAnErrorOfTheCaller) {
  write_noise({{16, 9, 4}, DType::u16, {}, 2, {8, 8, 2}});
  const auto volume = open_ome_zarr(path);
  for (const Region& region : {Region{{-1, 0, 0}, {1, 1, 1}},
                               {{16, 0, 0}, {1, 1, 1}},
                               {{0, 0, 0}, {16, 10, 4}},
                               {{0, 0, 3}, {1, 1, 2}},
                               {{0, 0, 0}, {0, 1, 1}}})
    EXPECT_THROW(read_region(*volume, region), std::logic_error);
  EXPECT_THROW(read_region(*volume, {{}, {1, 1, 1}}, 2), std::logic_error);
  Image other_type({1, 1, 1}, DType::u8), other_shape({2, 1, 1}, DType::u16);
  EXPECT_THROW(volume->read({{}, {1, 1, 1}}, 0, other_type), std::logic_error);
  EXPECT_THROW(volume->read({{}, {1, 1, 1}}, 0, other_shape), std::logic_error);
}

// The chunk 1, 0, 1 holds column 2 of slice 1, and a column beyond the image.
const std::string little{"\x01\x02\xff\xff\x03\x04\xff\xff\x05\x06\xff\xff", 12};
const std::string big{"\x02\x01\xff\xff\x04\x03\xff\xff\x06\x05\xff\xff", 12};

TEST_F(ZarrTest, BytesAreWhereTheFormatHasThem) {
  const Image expected =
      image_of<std::uint16_t>({3, 4, 2}, {7, 7, 7,     7, 7, 7,     7, 7, 7,     7, 7, 7,  //
                                          7, 7, 0x201, 7, 7, 0x403, 7, 7, 0x605, 7, 7, 7});
  const auto expect = [&](const json& metadata, const std::string& name, const std::string& bytes) {
    make(metadata);
    put(name, bytes);
    EXPECT_TRUE(equal(read_all(), expected)) << metadata;
  };
  json metadata = version_2();
  expect(metadata, "1/0/1", little);
  metadata["dimension_separator"] = ".";
  expect(metadata, "1.0.1", little);
  metadata.erase("dimension_separator");
  metadata["dtype"] = ">u2";
  expect(metadata, "1.0.1", big);

  metadata = version_3();
  expect(metadata, "c/1/0/1", little);
  metadata["codecs"][0]["configuration"]["endian"] = "big";
  expect(metadata, "c/1/0/1", big);
  metadata["codecs"].insert(metadata["codecs"].begin(),
                            with_settings("transpose", {{"order", {0, 1, 2}}}));
  expect(metadata, "c/1/0/1", big);
  metadata["chunk_key_encoding"]["configuration"]["separator"] = ".";
  expect(metadata, "c.1.0.1", big);
  metadata["chunk_key_encoding"] = with_settings("v2", {{"separator", "/"}});
  expect(metadata, "1/0/1", big);
  metadata["chunk_key_encoding"] = {{"name", "v2"}};
  expect(metadata, "1.0.1", big);
  metadata["chunk_key_encoding"] = {{"name", "default"}};
  expect(metadata, "c/1/0/1", big);
}

TEST_F(ZarrTest, WrittenFilesAreWhereTheFormatHasThem) {
  const VolumeInfo info{{3, 4, 2}, DType::u16, {}, 1, {2, 3, 1}};
  for (const int version : {2, 3}) {
    fs::remove_all(path);
    const auto writer = create_ome_zarr(path, info, {version, ZarrFormat::Compression::none});
    writer->write({{2, 0, 1}, {1, 3, 1}}, 0,
                  image_of<std::uint16_t>({1, 3, 1}, {0x201, 0x403, 0x605}));
    const std::string with_zeros{"\x01\x02\0\0\x03\x04\0\0\x05\x06\0\0", 12};
    EXPECT_EQ(read_text(path / (version == 2 ? "0/1/0/1" : "0/c/1/0/1")), with_zeros);
  }
}

std::string number(std::uint64_t value) {
  std::string text(8, '\0');
  std::memcpy(text.data(), &value, 8);
  return text;
}
const std::string absent(16, '\xff');

TEST_F(ZarrTest, ShardsAreReadByTheirIndex) {
  const Image expected =
      image_of<std::uint16_t>({3, 4, 2}, {7, 7, 7,     7, 7, 7,     7, 7, 7,     7, 7, 7,  //
                                          7, 7, 0x201, 7, 7, 0x403, 7, 7, 0x605, 7, 7, 7});
  // The fifth of eight chunks, between bytes that belong to nobody.
  std::string entries;
  for (int i = 0; i < 8; ++i) entries += i == 5 ? number(4) + number(12) : absent;
  make(sharded());
  put("c/0/0/0", "????" + little + "??" + entries);
  EXPECT_TRUE(equal(read_all(), expected));
  EXPECT_TRUE(equal(read_all({.cache_bytes = 0}), expected));
  EXPECT_EQ(open_ome_zarr(path)->info().chunk, (Shape{2, 3, 1}));

  entries.replace(5 * 16, 8, number(8 * 16));
  make(sharded("start"));
  put("c/0/0/0", entries + little);
  EXPECT_TRUE(equal(read_all(), expected));
}

TEST_F(ZarrTest, DamagedShardsAreRefused) {
  const auto refused_with = [&](std::uint64_t from, std::uint64_t bytes) {
    std::string entries;
    for (int i = 0; i < 8; ++i) entries += i == 5 ? number(from) + number(bytes) : absent;
    make(sharded());
    put("c/0/0/0", little + entries);
    return reading_refused();
  };
  EXPECT_EQ(refused_with(0, 12), "was not refused");
  const std::string chunk = (path / "c/0/0/0").string() + ": chunk 1, 0, 1: ";
  const std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(refused_with(200, 12), chunk + "is truncated");
  EXPECT_EQ(refused_with(last - 1, 12), chunk + "is truncated");
  EXPECT_EQ(refused_with(12, last - 4), chunk + "is truncated");
  EXPECT_EQ(refused_with(last, 12), chunk + "is truncated");
  expect_says(refused_with(0, 11), chunk + "is truncated or damaged: it holds 11 bytes, not 12");
  put("c/0/0/0", std::string(127, 'x'));
  expect_says(reading_refused(), "is truncated: it lacks the index of its chunks");
  json metadata = sharded();
  metadata["codecs"][0]["configuration"]["index_codecs"].push_back({{"name", "crc32c"}});
  make(metadata);
  put("c/0/0/0", std::string(132, 'x'));
  expect_says(reading_refused(), "its checksum is wrong");
}

TEST_F(ZarrTest, ChunksThatAreNotStoredHaveTheFillValue) {
  const auto filled_with = [&](json metadata, const std::string& type, const json& fill) {
    metadata[metadata["zarr_format"] == 3 ? "data_type" : "dtype"] = type;
    metadata["fill_value"] = fill;
    make(metadata);
    return read_all();
  };
  const Shape shape{3, 4, 2};
  EXPECT_TRUE(equal(filled_with(version_2(), "|u1", 255), filled<std::uint8_t>(shape, 255)));
  EXPECT_TRUE(equal(filled_with(version_2(), ">u2", 258), filled<std::uint16_t>(shape, 258)));
  EXPECT_TRUE(equal(filled_with(version_2(), "<u4", 4294967295u),
                    filled<std::uint32_t>(shape, 4294967295u)));
  EXPECT_TRUE(equal(filled_with(version_2(), "<u2", nullptr), filled<std::uint16_t>(shape, 0)));
  EXPECT_TRUE(equal(filled_with(version_2(), ">f4", 1.5), filled<float>(shape, 1.5F)));
  for (const json& metadata : {version_2(), version_3()}) {
    const std::string type = metadata["zarr_format"] == 3 ? "float32" : "<f4";
    const float infinity = std::numeric_limits<float>::infinity();
    EXPECT_TRUE(equal(filled_with(metadata, type, "Infinity"), filled<float>(shape, infinity)));
    EXPECT_TRUE(equal(filled_with(metadata, type, "-Infinity"), filled<float>(shape, -infinity)));
    EXPECT_TRUE(std::isnan(filled_with(metadata, type, "NaN").pixels<float>()[5]));
  }
  EXPECT_TRUE(equal(filled_with(version_3(), "float32", "0x3fc00000"), filled<float>(shape, 1.5F)));
}

TEST_F(ZarrTest, DamagedChunksAreRefusedByName) {
  const std::string chunk = ": chunk 1, 0, 1: ";
  const auto expect = [&](const std::string& name, const std::string& bytes,
                          const std::string& why) {
    put(name, bytes);
    EXPECT_EQ(reading_refused(), (path / name).string() + chunk + why);
  };
  const std::string lacks = "is truncated or damaged: it holds ";
  make(version_2());
  expect("1/0/1", little.substr(0, 11), lacks + "11 bytes, not 12");
  expect("1/0/1", little + "x", lacks + "13 bytes, not 12");
  expect("1/0/1", "", lacks + "0 bytes, not 12");
  expect("1/0/1", std::string(100000, 'x'), "is damaged: 97.7 KiB are more than a chunk can take");
  fs::remove(path / "1/0/1");
  fs::create_directory(path / "1/0/1");
  EXPECT_EQ(reading_refused(), (path / "1/0/1").string() + chunk + "is not a regular file");

  for (const std::string codec : {"blosc", "zlib", "gzip", "zstd"}) {
    json metadata = version_2();
    metadata["compressor"] = {{"id", codec}};
    make(metadata);
    for (const std::string& bytes : {std::string(1, 'x'), little, std::string(40, '\xff')})
      expect("1/0/1", bytes, "is truncated or damaged: " + codec + " cannot decompress it");
  }

  json metadata = version_3();
  metadata["codecs"].push_back({{"name", "crc32c"}});
  make(metadata);
  expect("c/1/0/1", little + "\1\2\3\4", "is damaged: its checksum is wrong");
  expect("c/1/0/1", "abc", "is truncated");
}

/// Settings that open_ome_zarr refuses: a change of good metadata, and what it says.
struct Refused {
  std::function<void(json&)> change;
  std::string says;
};

template <class T>
std::function<void(json&)> set(const std::string& pointer, const T& value) {
  return [=](json& metadata) { metadata[json::json_pointer(pointer)] = value; };
}

TEST_F(ZarrTest, BadMetadataOfVersion2AreRefused) {
  const std::int64_t huge = std::int64_t{1} << 40;
  for (const auto& [change, says] : std::vector<Refused>{
           {set("/zarr_format", 4), "is of Zarr version 4"},
           {set("/shape", json{2, 0, 3}), "an extent is a whole number from 1 to 2^48"},
           {set("/shape", json{2, -4, 3}), "an extent is a whole number from 1 to 2^48"},
           {set("/shape", json{2, 1.5, 3}), "an extent is a whole number from 1 to 2^48"},
           {set("/shape", json{2, 18446744073709551615u, 3}), "an extent is a whole number"},
           {set("/shape", json{2, "4", 3}), "an extent is a whole number from 1 to 2^48"},
           {set("/shape", json{1048576, 1048576, 1048576}), "more than 2^48 pixels"},
           {set("/shape", json{3}), "not of 2 to 5 axes"},
           {set("/shape", json{1, 1, 1, 1, 1, 1}), "not of 2 to 5 axes"},
           {set("/shape", "3"), "not of 2 to 5 axes"},
           {set("/chunks", json{1, 3}), "its list of chunks is [1,3], not 3 extents"},
           {set("/chunks", json{1, 0, 2}), "an extent is a whole number from 1 to 2^48"},
           {set("/chunks", json{huge, huge, huge}), "a chunk takes"},
           {set("/chunks", json{1, huge, 64}), "of memory, but"},
           {set("/dtype", "<i2"), "pixels of type \"<i2\", which are not read; convert it to"},
           {set("/dtype", "<f8"), "pixels of type \"<f8\""},
           {set("/dtype", "|b1"), "pixels of type \"|b1\""},
           {set("/dtype", json::array({json::array({"a", "<u2"})})), "pixels of type [[\"a\""},
           {set("/dtype", 5), "pixels of type 5"},
           {set("/order", "F"), "the order \"F\", which is not read; save it in C order"},
           {set("/order", 5), "is damaged metadata"},
           {set("/filters", json::array({{{"id", "delta"}}})), "uses the filter \"delta\""},
           {set("/compressor", json{{"id", "lz4"}}),
            "uses the codec 'lz4', which is not read; those that are: blosc, zlib, gzip, zstd"},
           {set("/compressor", json{{"id", "blosc"}, {"cname", "snappier"}}),
            "uses the codec blosc with 'snappier', which is not read; those that are: blosclz, "
            "lz4"},
           {set("/compressor", "zlib"), "is damaged metadata"},
           {set("/dimension_separator", "-"), "separated by \"-\", neither / nor ."},
           {set("/fill_value", 65536), "its fill value 65536 is none of u16"},
           {set("/fill_value", -1), "its fill value -1 is none of u16"},
           {set("/fill_value", 0.5), "its fill value 0.5 is none of u16"},
           {set("/fill_value", "NaN"), "its fill value \"NaN\" is none of u16"},
           {[](json& metadata) { metadata.erase("shape"); }, "key 'shape' not found"},
           {[](json& metadata) { metadata.erase("compressor"); }, "key 'compressor' not found"}}) {
    json metadata = version_2();
    change(metadata);
    make(metadata);
    save(path / ".zarray", metadata.dump());
    expect_says(refused(), says);
  }
}

TEST_F(ZarrTest, BadMetadataOfVersion3AreRefused) {
  const std::string known =
      "which is not read; those that are: bytes, transpose, sharding_indexed, blosc, gzip, zstd, "
      "crc32c";
  const json bytes = with_settings("bytes", {{"endian", "little"}});
  const json sharding = sharded()["codecs"][0];
  const std::string index = "/codecs/0/configuration/index_codecs";
  for (const auto& [change, says] : std::vector<Refused>{
           {set("/zarr_format", 4), "is of Zarr version 4"},
           {set("/node_type", "table"), "is no group of Zarr version 3"},
           {set("/data_type", "int16"), "pixels of type \"int16\", which are not read; convert"},
           {set("/data_type", "<u2"), "pixels of type \"<u2\""},
           {set("/chunk_grid/name", "rectilinear"), "chunks on the grid \"rectilinear\""},
           {set("/chunk_grid/configuration/chunk_shape", json{1, 3}), "not 3 extents"},
           {set("/chunk_key_encoding/name", "spiral"), "by the encoding 'spiral'"},
           {set("/chunk_key_encoding/configuration/separator", ""), "separated by \"\""},
           {set("/storage_transformers", json{{"name", "x"}}), "uses storage transformers"},
           {set("/codecs", json::array()), "has no codec that makes bytes of its pixels"},
           {set("/codecs", "bytes"), "has a damaged list of codecs"},
           {set("/codecs", json::array({bytes, "snappy"})), "the codec 'snappy', " + known},
           {set("/codecs", json::array({bytes, bytes})), "makes bytes of its pixels twice"},
           {set("/codecs", json::array({"gzip", bytes})), "codec gzip before its pixels are bytes"},
           {set("/codecs", json::array({bytes, with_settings("transpose", {{"order", "C"}})})),
            "uses the codec transpose when its pixels are bytes already"},
           {set("/codecs",
                json::array({with_settings("transpose", {{"order", {2, 1, 0}}}), bytes})),
            "uses the codec transpose to another order of axes, which is not read"},
           {set("/codecs", json::array({"bytes"})), "key 'endian' not found"},
           {set("/codecs/0/configuration/endian", "middle"), "byte order 'middle'"},
           {set("/codecs", json::array({sharding, "gzip"})), "the codec gzip on whole shards"},
           {set("/fill_value", nullptr), "was not refused"},
           {[](json& metadata) { metadata.erase("fill_value"); }, "key 'fill_value' not found"}}) {
    json metadata = version_3();
    change(metadata);
    make(metadata["zarr_format"] == 3 ? metadata : version_3());
    save(path / "zarr.json", metadata.dump());
    if (says == "was not refused")
      EXPECT_NO_THROW(open_ome_zarr(path));
    else
      expect_says(refused(), says);
  }
  for (const auto& [change, says] : std::vector<Refused>{
           {set("/codecs/0/configuration/chunk_shape", json{1, 4, 2}), "of whole chunks"},
           {set("/codecs/0/configuration/chunk_shape", json{1, -3, 2}), "from 1 to 2^48"},
           {set("/codecs/0/configuration/index_location", "middle"), "at 'middle', neither"},
           {set("/codecs/0/configuration/codecs", json::array({sharding})), "within shards"},
           {set(index, json::array({bytes, "gzip"})), "compresses the index of its shards by gzip"},
           {set("/chunk_grid/configuration/chunk_shape", json{2, 3, std::int64_t{1} << 48}),
            "was not refused"}}) {
    json metadata = sharded();
    change(metadata);
    make(metadata);
    if (says == "was not refused")
      EXPECT_NO_THROW(read_all());  // no memory is taken for an index that no file can hold
    else
      expect_says(refused(), says);
  }
}

TEST_F(ZarrTest, WhatIsNoVolumeIsRefused) {
  expect_says(refused(), "No such file or directory");
  save(path, "text");
  expect_says(refused(), "is no folder");
  fs::remove(path);
  fs::create_directory(path);
  expect_says(refused(), "is no Zarr volume: it has neither zarr.json nor .zattrs nor .zarray");
  save(path / ".zgroup", "{}");
  expect_says(refused(), "is a Zarr group without OME-NGFF metadata");
  save(path / ".zattrs", "{}");
  expect_says(refused(), "describes no image (OME-NGFF multiscales)");
  for (const std::string text : {"{", "[]", "5", "{\"a\": NaN}", "{\"a\": \"\xff\"}"}) {
    save(path / ".zattrs", text);
    expect_says(refused(), (path / ".zattrs").string() + ": is damaged metadata: ");
  }
  save(path / ".zattrs", "{\"a\": " + std::string(1 << 20, '['));
  expect_says(refused(), "nested too deeply");
  save(path / ".zattrs", "");
  expect_says(refused(), "the file is empty");
  make(version_2());
  expect_says(refused({.level = 1}), "is a Zarr array, which has no level 1");
}

TEST_F(ZarrTest, SpacingIsInMicrometres) {
  const auto spacing = [&](const json& units, const json& scale, const json& global = {}) {
    json attributes = group({axis("z", units[0]), axis("y", units[1]), axis("x", units[2])}, scale);
    if (!global.is_null())
      attributes["multiscales"][0]["coordinateTransformations"] =
          json::array({{{"type", "scale"}, {"scale", global}}});
    make_group(attributes);
    return open_ome_zarr(path)->info().spacing;
  };
  const json micrometers{"micrometer", "micrometer", "micrometer"};
  EXPECT_EQ(spacing(micrometers, {2, 0.5, 0.25}), (Spacing{0.25, 0.5, 2}));
  EXPECT_EQ(spacing(micrometers, {2, 0.5, 0.25}, {2, 4, 8}), (Spacing{2, 2, 4}));
  EXPECT_EQ(spacing({"millimeter", "nanometer", "meter"}, {2, 500, 1}), (Spacing{1e6, 0.5, 2000}));
  EXPECT_EQ(spacing({"parsec", nullptr, "micrometer"}, {2, 3, 4}), (Spacing{4, 1, 1}));
  for (const json& scale : {json{0, 1, 1}, json{-1, 1, 1}, json{1, 1}, json{1, "1", 1}, json("1")})
    EXPECT_THROW(spacing(micrometers, scale), BadInput) << scale;
}

TEST_F(ZarrTest, GroupsAreReadAsTheyAreMeant) {
  const json axes{axis("z"), axis("y"), axis("x")};
  const json good = group(axes, {1, 1, 1});
  make_group(good);
  put("0/1/0/1", little);
  EXPECT_EQ(read_all().pixels<std::uint16_t>()[14], 0x201);
  for (const auto& [change, says] : std::vector<Refused>{
           {set("/multiscales", json::array()), "describes no image"},
           {set("/multiscales", 5), "describes no image"},
           {set("/multiscales/0/version", "0.3"), "is OME-NGFF \"0.3\", which is not read; 0.4"},
           {set("/multiscales/0/axes", json{"z", "y", "x"}), "is damaged metadata"},
           {set("/multiscales/0/axes", json{axis("y"), axis("z"), axis("x")}), "the axes \"y,z\""},
           {set("/multiscales/0/axes", json{axis("x"), axis("y")}), "the axes \"x,y\""},
           {set("/multiscales/0/axes", json{axis("q"), axis("y"), axis("x")}), "the axes \"q\""},
           {set("/multiscales/0/axes", json{axis("z"), axis("x")}), "has no axes y and x at the"},
           {set("/multiscales/0/axes", json{axis("t"), axis("z"), axis("y"), axis("x")}),
            "not 4 numbers"},
           {set("/multiscales/0/datasets", json::array()), "has no level 0; it holds 0"},
           {set("/multiscales/0/datasets/0/path", "/tmp"), "its levels do not lie in its folder"},
           {set("/multiscales/0/datasets/0/path", "a/../../0"), "do not lie in its folder"},
           {set("/multiscales/0/datasets/0/path", "9"), "No such file"},
           {set("/voxelmark", json{{"incomplete", true}}), "go on with it by --resume"}}) {
    json attributes = good;
    change(attributes);
    make_group(attributes);
    expect_says(refused(), says);
  }
  make_group(good);
  expect_says(refused({.level = 1}), "has no level 1; it holds 1, counted from 0");
  expect_says(refused({.level = -1}), "has no level -1");
  json two_dimensional = version_2();
  two_dimensional["shape"] = two_dimensional["chunks"] = {4, 3};
  make_group(good, two_dimensional);
  expect_says(refused(), "its shape is [4,3], not 3 extents");
}

TEST_F(ZarrTest, ChannelsAndTimePointsAreChosen) {
  json array = version_2();
  array["shape"] = {3, 2, 1, 1, 2};  // t, c, z, y, x
  array["chunks"] = {2, 2, 1, 1, 2};
  array["dtype"] = "|u1";
  make_group(group({axis("t"), axis("c"), axis("z"), axis("y"), axis("x")}, {1, 1, 1, 1, 1}),
             array);
  put("0/0/0/0/0/0", "abcdefgh");
  put("0/1/0/0/0/0", "ijklmnop");
  expect_says(refused(), "holds 2 channels; choose with --channel, from 0");
  expect_says(refused({.channel = 2}), "has no channel 2; it holds 2, counted from 0");
  expect_says(refused({.channel = -1}), "has no channel -1");
  EXPECT_EQ(open_ome_zarr(path, {.channel = 0})->info().frames, 3);
  for (const int channel : {0, 1})
    for (int frame = 0; frame < 3; ++frame) {
      const Image read = read_all({.channel = channel}, frame);
      EXPECT_EQ(read.pixels<std::uint8_t>()[1], 'b' + 4 * frame + 2 * channel);
    }
  // By itself, an array of four axes has channels.
  array["shape"] = {2, 1, 1, 2};
  array["chunks"] = {1, 1, 1, 2};
  make(array);
  expect_says(refused(), "holds 2 channels");
}

TEST_F(ZarrTest, VolumesAreIncompleteUntilTheyAreFinished) {
  const VolumeInfo info{{10, 6, 4}, DType::u16, {}, 2, {4, 3, 2}};
  for (const int version : {2, 3}) {
    fs::remove_all(path);
    const Image pixels = noise(info.shape, info.dtype);
    const Region half{{0, 0, 2}, {10, 6, 2}}, corner{{8, 3, 0}, {2, 3, 2}};
    {
      const auto writer = create_ome_zarr(path, info, {.version = version}, "a test");
      EXPECT_FALSE(writer->holds(half, 1));
      writer->write(half, 1, crop(pixels, half));
      writer->write(corner, 1, crop(pixels, corner));
    }
    expect_says(refused(), "is incomplete");
    expect_says(refused(), "--resume");
    expect_says(refusal([&] { create_ome_zarr(path, info); }), "exists already");
    expect_says(refusal([&] { write_pyramid(path, 1); }), "--resume");
    save(path / "0" / "1" / "0.tmp-123", "half a chunk");
    EXPECT_TRUE(join_ome_zarr(path)->holds(half, 1));
    EXPECT_TRUE(fs::exists(path / "0" / "1" / "0.tmp-123"));

    expect_says(refusal([&] { resume_ome_zarr(path, "another"); }),
                "was begun for a test, and not for another");
    const auto writer = resume_ome_zarr(path, "a test");
    EXPECT_FALSE(fs::exists(path / "0" / "1" / "0.tmp-123"));
    EXPECT_EQ(writer->info().shape, info.shape);
    EXPECT_EQ(writer->info().chunk, info.chunk);
    EXPECT_EQ(writer->info().frames, info.frames);
    EXPECT_TRUE(writer->holds(half, 1));
    EXPECT_TRUE(writer->holds(corner, 1));
    EXPECT_TRUE(writer->holds({{1, 1, 2}, {3, 3, 1}}, 1));
    EXPECT_FALSE(writer->holds(half, 0));
    EXPECT_FALSE(writer->holds({{}, info.shape}, 1));
    for (const std::int64_t frame : {0, 1}) writer->write({{}, info.shape}, frame, pixels);
    EXPECT_TRUE(writer->holds({{}, info.shape}, 0));
    writer->finish();
    EXPECT_TRUE(equal(read_all({}, 1), pixels));
    expect_says(refusal([&] { resume_ome_zarr(path); }), "is complete");
    const json group = json::parse(read_text(path / (version == 2 ? ".zattrs" : "zarr.json")));
    EXPECT_EQ(group.dump().find("voxelmark"), std::string::npos);
  }
}

TEST_F(ZarrTest, ChunksOfFillAreStoredToo) {
  const VolumeInfo info{{4, 4, 1}, DType::u8, {}, 1, {4, 4, 1}};
  const auto writer = create_ome_zarr(path, info);
  writer->write({{}, info.shape}, 0, filled<std::uint8_t>(info.shape, 0));
  EXPECT_TRUE(writer->holds({{}, info.shape}, 0));
}

TEST_F(ZarrTest, RegionsToWriteAreWholeChunks) {
  const VolumeInfo info{{10, 6, 4}, DType::u16, {}, 1, {4, 3, 2}};
  const auto writer = create_ome_zarr(path, info);
  for (const Region& region : {Region{{1, 0, 0}, {4, 3, 2}},
                               {{0, 0, 0}, {5, 3, 2}},
                               {{0, 1, 0}, {4, 3, 2}},
                               {{0, 0, 2}, {4, 3, 1}},
                               {{8, 0, 0}, {4, 3, 2}}})
    EXPECT_THROW(writer->write(region, 0, Image(region.extent, info.dtype)), std::logic_error)
        << to_text(region);
  EXPECT_THROW(writer->write({{}, info.shape}, 1, noise(info.shape, info.dtype)), std::logic_error);
  EXPECT_THROW(writer->write({{}, info.shape}, 0, noise(info.shape, DType::u8)), std::logic_error);
}

TEST_F(ZarrTest, WhatCannotBeWrittenIsRefused) {
  const VolumeInfo good{{10, 6, 4}, DType::u16, {}, 1, {4, 3, 2}};
  const auto refused_with = [&](const std::function<void(VolumeInfo&)>& change,
                                const ZarrFormat& format = {}) {
    VolumeInfo info = good;
    change(info);
    const std::string message = refusal([&] { create_ome_zarr(path, info, format); });
    EXPECT_TRUE(message.starts_with("cannot write " + path.string())) << message;
    EXPECT_FALSE(fs::exists(path));
    return message;
  };
  expect_says(refused_with([](VolumeInfo& info) { info.shape.y = 0; }), "has no pixels");
  expect_says(refused_with([](VolumeInfo& info) { info.frames = 0; }), "has no pixels");
  expect_says(refused_with([](VolumeInfo& info) { info.chunk.z = 0; }), "chunks have no pixels");
  expect_says(refused_with([](VolumeInfo& info) { info.chunk.z = 1 << 30; }), "more than 1 GiB");
  expect_says(refused_with([](VolumeInfo& info) { info.dtype = DType::f64; }), "are f64");
  expect_says(refused_with([](VolumeInfo& info) { info.spacing.z = NAN; }), "a spacing of nan");
  expect_says(refused_with([](VolumeInfo& info) { info.spacing.x = 0; }), "a spacing of 0");
  expect_says(refused_with([](VolumeInfo&) {}, {.version = 1}), "no Zarr version 1");
  save(folder / "file", "");
  expect_says(refusal([&] { create_ome_zarr(folder / "file" / "image.zarr", good); }),
              "cannot write");
  expect_says(refusal([&] { create_ome_zarr(folder / "file", good); }), "exists already");

  expect_says(refusal([&] { create_ome_zarr(folder / "absent" / "image.zarr", good); }),
              "No such file or directory");
  EXPECT_FALSE(fs::exists(folder / "absent"));
  EXPECT_NO_THROW(create_ome_zarr(folder / "slash.zarr/", good));
  EXPECT_NO_THROW(create_ome_zarr(folder / "no \xff UTF-8.zarr", good));

  // A file in the place of a folder.
  const auto writer = create_ome_zarr(path, good);
  save(path / "0" / "1", "");
  expect_says(refusal([&] {
                writer->write({{}, good.shape}, 0, noise(good.shape, good.dtype));
              }),
              "cannot write " + (path / "0" / "1").string());
}

// A limit on files' sizes is the full disk that needs no disk.
TEST_F(ZarrTest, FailedWritesLeaveWholeChunksOrNone) {
  const VolumeInfo info{{64, 64, 2}, DType::u16, {}, 1, {64, 64, 1}};
  const auto writer = create_ome_zarr(path, info);
  const Region first{{0, 0, 0}, {64, 64, 1}}, second{{0, 0, 1}, {64, 64, 1}};
  const Image pixels = noise(first.extent, info.dtype);
  writer->write(first, 0, pixels);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit lower{1000, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &lower);
  const std::string message = refusal([&] { writer->write(second, 0, pixels); });
  setrlimit(RLIMIT_FSIZE, &old);
  expect_says(message, "cannot write " + (path / "0/1/0/0").string() + ": File too large");
  EXPECT_TRUE(writer->holds(first, 0));
  EXPECT_FALSE(writer->holds(second, 0));
  for (const auto& entry : fs::recursive_directory_iterator(path))
    EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
  expect_says(refused(), "is incomplete");
  writer->write(second, 0, pixels);
  writer->finish();
  EXPECT_TRUE(equal(read_region(*open_ome_zarr(path), second), pixels));
}

TEST_F(ZarrTest, ProcessesMayWriteDifferentChunks) {
  const VolumeInfo info{{32, 32, 8}, DType::u16, {}, 1, {8, 8, 2}};
  const Image pixels = noise(info.shape, info.dtype);
  const auto first = create_ome_zarr(path, info);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const auto writer = join_ome_zarr(path);
      const Region slab{{0, 0, 2 * i}, {32, 32, 2}};
      writer->write(slab, 0, crop(pixels, slab));
    });
  for (std::thread& thread : threads) thread.join();
  first->finish();
  EXPECT_TRUE(equal(read_all(), pixels));
}

TEST_F(ZarrTest, ThreadsReadAtOnce) {
  const VolumeInfo info{{33, 29, 9}, DType::u16, {}, 1, {8, 8, 2}};
  const auto written = write_noise(info);
  for (const std::size_t cache : {0, 1000, 1 << 20}) {
    const auto volume = open_ome_zarr(path, {.cache_bytes = cache});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < 5; ++round)
          for (const Region& region : regions_of(info.shape))
            EXPECT_TRUE(equal(read_region(*volume, region), crop(written[0], region)));
      });
    for (std::thread& thread : threads) thread.join();
  }
}

// What is still read after the chunks were removed was in the cache.
TEST_F(ZarrTest, TheCacheKeepsWhatWasReadLast) {
  const VolumeInfo info{{32, 1, 1}, DType::u8, {}, 1, {8, 1, 1}};
  const Image pixels = filled<std::uint8_t>(info.shape, 9);
  const auto kept = [&](std::size_t cache_bytes, const std::vector<int>& reads) {
    fs::remove_all(path);
    const auto writer = create_ome_zarr(path, info);
    writer->write({{}, info.shape}, 0, pixels);
    writer->finish();
    const auto volume = open_ome_zarr(path, {.cache_bytes = cache_bytes});
    const auto read = [&](int chunk) {
      return read_region(*volume, {{8 * chunk, 0, 0}, {8, 1, 1}}).pixels<std::uint8_t>()[0];
    };
    for (const int chunk : reads) EXPECT_EQ(read(chunk), 9);
    fs::remove_all(path / "0" / "0");
    std::vector<int> found;
    for (int chunk = 0; chunk < 4; ++chunk)
      if (read(chunk) == 9) found.push_back(chunk);
    return found;
  };
  EXPECT_EQ(kept(32, {0, 1, 2, 3}), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(kept(31, {0, 1, 2, 3}), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(kept(16, {0, 1, 0, 2}), (std::vector<int>{0, 2}));
  EXPECT_EQ(kept(7, {0, 1, 2, 3}), (std::vector<int>{}));
  EXPECT_EQ(kept(0, {0}), (std::vector<int>{}));
}

TEST_F(ZarrTest, LevelsAreMeansOfBlocks) {
  const VolumeInfo info{{5, 2, 2}, DType::u8, {0.5, 0.5, 2}, 1, {2, 2, 2}};
  for (const int version : {2, 3}) {
    fs::remove_all(path);
    const auto writer = create_ome_zarr(path, info, {.version = version});
    writer->write({{}, info.shape}, 0, image_of<std::uint8_t>(info.shape, {0, 0, 1, 1, 255,  //
                                                                           0, 4, 1, 0, 255,  //
                                                                           0, 0, 1, 0, 255,  //
                                                                           0, 0, 1, 3, 254}));
    writer->finish();
    write_pyramid(path, 2);
    // 4/8 is rounded to 0, 8/8 stays, 1019/4 is rounded up; then 1/2 is rounded to 0.
    EXPECT_TRUE(equal(read_all({.level = 1}), image_of<std::uint8_t>({3, 1, 1}, {0, 1, 255})));
    EXPECT_TRUE(equal(read_all({.level = 2}), image_of<std::uint8_t>({2, 1, 1}, {0, 255})));
    EXPECT_EQ(open_ome_zarr(path)->info().spacing, info.spacing);
    EXPECT_EQ(open_ome_zarr(path, {.level = 1})->info().spacing, (Spacing{1, 1, 4}));
    EXPECT_EQ(open_ome_zarr(path, {.level = 2})->info().spacing, (Spacing{2, 1, 4}));
    expect_says(refused({.level = 3}), "has no level 3; it holds 3");
    const json group = json::parse(read_text(path / (version == 2 ? ".zattrs" : "zarr.json")));
    const json& ome = version == 2 ? group : group["attributes"]["ome"];
    const json& transformations = ome["multiscales"][0]["datasets"][2]["coordinateTransformations"];
    EXPECT_EQ(transformations[0]["scale"], (json{4.0, 1.0, 2.0}));
    EXPECT_EQ(transformations[1]["translation"], (json{1.0, 0.25, 0.75}));
    expect_says(refusal([&] { write_pyramid(path, 1); }), "has 3 levels already");
    for (const auto& entry : fs::directory_iterator(path))
      EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
  }
}

TEST_F(ZarrTest, LevelsOfLabelsTakeOneVoxel) {
  const VolumeInfo info{{5, 3, 2}, DType::u32, {}, 1, {2, 2, 2}};
  const auto writer = create_ome_zarr(path, info);
  Image labels(info.shape, DType::u32);
  std::uint32_t label = 0;
  for (auto& pixel : labels.pixels<std::uint32_t>()) pixel = ++label * 1000000007u;
  writer->write({{}, info.shape}, 0, labels);
  writer->finish();
  write_pyramid(path, 1);
  const auto whole = labels.pixels<std::uint32_t>();
  EXPECT_TRUE(equal(read_all({.level = 1}),
                    image_of<std::uint32_t>({3, 2, 1}, {whole[0], whole[2], whole[4], whole[10],
                                                        whole[12], whole[14]})));
}

TEST_F(ZarrTest, LevelsAreTheSameHoweverTheyAreCut) {
  for (const DType dtype : all_types) {
    std::vector<Image> first;
    for (const Shape& chunk : {Shape{64, 64, 64}, Shape{5, 4, 3}, Shape{4, 7, 2}}) {
      const VolumeInfo info{{37, 21, 11}, dtype, {}, 2, chunk};
      const auto frames = write_noise(info);
      write_pyramid(path, 3);
      if (dtype == DType::f32) {
        double sum = 0;
        for (const auto& [x, y, z] : {Index{0, 0, 0},
                                      {1, 0, 0},
                                      {0, 1, 0},
                                      {1, 1, 0},
                                      Index{0, 0, 1},
                                      {1, 0, 1},
                                      {0, 1, 1},
                                      {1, 1, 1}})
          sum += frames[1].pixels<float>()[static_cast<std::size_t>(
              offset(info.shape, 36 - 36 % 2 - 2 + x, y, z))];
        EXPECT_EQ(read_all({.level = 1}, 1).pixels<float>()[17], static_cast<float>(sum / 8));
      }
      std::vector<Image> levels;
      for (const int number : {1, 2, 3})
        for (const int frame : {0, 1}) levels.push_back(read_all({.level = number}, frame));
      EXPECT_EQ(levels.back().shape(), (Shape{5, 3, 2}));
      for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(equal(first[i], levels[i])) << i;
      if (first.empty()) first = std::move(levels);
    }
  }
}

TEST_F(ZarrTest, LevelsThatCannotBeMadeLeaveTheVolumeAsItWas) {
  write_noise({{16, 16, 4}, DType::u16, {}, 1, {8, 8, 2}});
  const std::string before = read_text(path / ".zattrs");
  save(path / "2" / "mine", "");
  expect_says(refusal([&] { write_pyramid(path, 2); }), "holds 2, which is no level of it");
  fs::remove_all(path / "2");
  save(path / "0/1/1/1", "damaged");
  expect_says(refusal([&] { write_pyramid(path, 2); }), "chunk 1, 1, 1: is truncated or damaged");
  EXPECT_EQ(read_text(path / ".zattrs"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(path), fs::directory_iterator()), 3);
  make(version_2());
  expect_says(refusal([&] { write_pyramid(path, 1); }), "is an array by itself");
}

Bytes bytes_of_text(const std::string& text) {
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::string decoded(const ChunkCodecs& codecs, const std::string& stored, std::size_t bytes,
                    std::size_t item = 1) {
  const Bytes result = decode(codecs, bytes_of_text(stored), item, bytes);
  return {reinterpret_cast<const char*>(result.data()), result.size()};
}

std::string deflated(const std::string& text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}
std::string gzipped(const std::string& text) { return deflated(text, MAX_WBITS + 16); }

std::string zstd_of(const std::string& text) {
  std::string result(ZSTD_compressBound(text.size()), '\0');
  result.resize(ZSTD_compress(result.data(), result.size(), text.data(), text.size(), 3));
  return result;
}

std::string blosc_of(const std::string& text, const std::string& inner) {
  ChunkCodecs codecs;
  codecs.steps = {{.name = "blosc", .inner = inner}};
  const Bytes result = encode(codecs, bytes_of_text(text), 2);
  return {reinterpret_cast<const char*>(result.data()), result.size()};
}

ChunkCodecs steps(const std::vector<std::string>& names) {
  ChunkCodecs codecs;
  for (const std::string& name : names) codecs.steps.push_back({.name = name});
  return codecs;
}

TEST(ZarrCodecs, TheChecksumIsThatOfTheCatalogue) {
  const std::string stored{"123456789\x83\x92\x06\xe3"};  // 0xe3069283
  EXPECT_EQ(decoded(steps({"crc32c"}), stored, 9), "123456789");
  EXPECT_THROW(decoded(steps({"crc32c"}), "123456788\x83\x92\x06\xe3", 9), BadInput);
}

TEST(ZarrCodecs, StepsAreUndoneFromTheLast) {
  const std::string text(1000, 'x');
  EXPECT_EQ(decoded(steps({"gzip", "zstd"}), zstd_of(gzipped(text)), 1000), text);
  EXPECT_THROW(decoded(steps({"zstd", "gzip"}), zstd_of(gzipped(text)), 1000), BadInput);
  EXPECT_EQ(decoded(steps({"zlib"}), deflated(text, MAX_WBITS), 1000), text);
  EXPECT_EQ(decoded(steps({"gzip"}), gzipped(text.substr(1)) + gzipped("x"), 1000), text);
  for (const std::string inner : {"blosclz", "lz4", "lz4hc", "zlib", "zstd"})
    EXPECT_EQ(decoded(steps({"blosc"}), blosc_of(text, inner), 1000), text) << inner;
}

TEST(ZarrCodecs, MoreThanAChunkIsRefused) {
  const std::string text(1 << 20, 'x');
  EXPECT_THROW(decoded(steps({"gzip"}), gzipped(text), 1000), BadInput);
  EXPECT_THROW(decoded(steps({"gzip"}), gzipped(text), text.size() - 1), BadInput);
  EXPECT_THROW(decoded(steps({"gzip"}), gzipped(text), text.size() + 1), BadInput);
  EXPECT_THROW(decoded(steps({"zstd"}), zstd_of(text), 1000), BadInput);
  EXPECT_THROW(decoded(steps({"blosc"}), blosc_of(text, "lz4"), 1000), BadInput);
  // Within a chain, too: what gzip may give to zstd is bounded.
  EXPECT_THROW(decoded(steps({"zstd", "gzip"}), gzipped(text), 1000), BadInput);
}

// Whatever a byte becomes: a refusal, or as many bytes as there have to be.
TEST(ZarrCodecs, DamageEndsInARefusalOrInPixels) {
  std::string text;
  for (int i = 0; i < 600; ++i) text += static_cast<char>(i * i / 50);
  const std::vector<std::pair<std::string, std::string>> stored{{"gzip", gzipped(text)},
                                                                {"zlib", deflated(text, MAX_WBITS)},
                                                                {"zstd", zstd_of(text)},
                                                                {"blosc", blosc_of(text, "lz4")},
                                                                {"blosc", blosc_of(text, "zstd")}};
  int refused = 0, changed = 0;
  const auto check = [&](const std::string& codec, const std::string& bytes) {
    try {
      EXPECT_EQ(decoded(steps({codec}), bytes, text.size()).size(), text.size());
      ++changed;
    } catch (const BadInput&) {
      ++refused;
    }
  };
  for (const auto& [codec, bytes] : stored) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_THROW(decoded(steps({codec}), bytes.substr(0, i), text.size()), BadInput) << codec;
      for (const int flip : {1, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        check(codec, damaged);
      }
    }
    check(codec, bytes + "x");
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(changed, 0);
}

}  // namespace
}  // namespace voxelmark
