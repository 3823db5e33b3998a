// write_pyramid of ome_zarr.hpp.
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "datasets/ome_zarr.hpp"
#include "datasets/zarr_array.hpp"
#include "datasets/zarr_metadata.hpp"
#include "engines/core/error.hpp"

namespace voxelmark {

namespace fs = std::filesystem;

namespace {

std::int64_t halved(std::int64_t extent) { return (extent + 1) / 2; }
Shape halved(const Shape& shape) { return {halved(shape.x), halved(shape.y), halved(shape.z)}; }

/// One row of means from the four that it is made of. The image's last voxel, which may have no
/// partner, counts twice.
template <class T>
void mean_of_rows(const std::array<const T*, 4>& rows, std::int64_t extent, T* to) {
  const auto mean = [&](std::int64_t first, std::int64_t second) {
    double sum = 0;  // exact for integers
    for (const T* row : rows)
      sum += static_cast<double>(row[first]) + static_cast<double>(row[second]);
    return to_pixel<T>(sum / 8);
  };
  for (std::int64_t x = 0; x < extent / 2; ++x) to[x] = mean(2 * x, 2 * x + 1);
  if (extent % 2) to[extent / 2] = mean(extent - 1, extent - 1);
}

Image halved(const Image& image) {
  const Shape &shape = image.shape(), half = halved(shape);
  Image result(half, image.dtype());
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto row = [&](std::int64_t y, std::int64_t z) {
      return image.pixels<T>().data() +
             offset(shape, 0, std::min(y, shape.y - 1), std::min(z, shape.z - 1));
    };
    T* to = result.pixels<T>().data();
    for (std::int64_t z = 0; z < shape.z; z += 2)
      for (std::int64_t y = 0; y < shape.y; y += 2, to += half.x)
        if (image.dtype() == DType::u32)  // a mean of labels is the label of something else
          for (std::int64_t x = 0; x < half.x; ++x) to[x] = row(y, z)[2 * x];
        else
          mean_of_rows<T>({row(y, z), row(y + 1, z), row(y, z + 1), row(y + 1, z + 1)}, shape.x,
                          to);
  });
  return result;
}

/// Writes one chunk of a level from the level before.
void write_chunk(VolumeReader& before, VolumeWriter& level, const Index& chunk,
                 std::int64_t frame) {
  const auto& [shape, dtype, spacing, frames, chunks] = level.info();
  const Index origin{chunk.x * chunks.x, chunk.y * chunks.y, chunk.z * chunks.z};
  const Shape extent{std::min(chunks.x, shape.x - origin.x), std::min(chunks.y, shape.y - origin.y),
                     std::min(chunks.z, shape.z - origin.z)};
  const Shape& whole = before.info().shape;
  const Index from{2 * origin.x, 2 * origin.y, 2 * origin.z};
  Image pixels({std::min(2 * extent.x, whole.x - from.x), std::min(2 * extent.y, whole.y - from.y),
                std::min(2 * extent.z, whole.z - from.z)},
               dtype);
  before.read({from, pixels.shape()}, frame, pixels);
  level.write({origin, extent}, frame, halved(pixels));
}

void write_level(VolumeReader& before, VolumeWriter& level) {
  const auto& [shape, dtype, spacing, frames, chunk] = level.info();
  const auto count = [](std::int64_t extent, std::int64_t of) { return (extent + of - 1) / of; };
  const Shape counts{count(shape.x, chunk.x), count(shape.y, chunk.y), count(shape.z, chunk.z)};
  tbb::parallel_for(std::int64_t{0}, frames * counts.voxels(), [&](std::int64_t i) {
    const Index at{i % counts.x, i / counts.x % counts.y, i / counts.x / counts.y % counts.z};
    // A thread that waits for its own chunk begins no other: memory is bounded by the threads.
    tbb::this_task_arena::isolate([&] { write_chunk(before, level, at, i / counts.voxels()); });
  });
}

/// How a level is stored: as level 0 where that can be written, otherwise by lz4.
ZarrFormat format_of(const ZarrArray& array) {
  ZarrFormat format{.version = array.version};
  const auto& [codecs, sharding] = array.codecs;
  if (!sharding && codecs.steps.empty()) format.compression = ZarrFormat::Compression::none;
  if (!sharding && codecs.steps.size() == 1 && codecs.steps[0].name == "blosc") {
    format.shuffle = static_cast<ZarrFormat::Shuffle>(codecs.steps[0].shuffle);
    if (codecs.steps[0].inner == "zstd") format.compression = ZarrFormat::Compression::zstd;
  }
  return format;
}

/// Makes the next level in `folder`.
ZarrImage next_level(const ZarrImage& before, const fs::path& folder) {
  VolumeInfo info = info_of(before);
  info.shape = halved(info.shape);
  ZarrImage level{new_array(folder, info, format_of(before.array)), {}};
  level.array.axes = before.array.axes;
  fs::create_directory(folder);
  write_array_metadata(level.array);
  write_level(*array_reader(before, 0, 0), *array_writer(level, folder));
  return level;
}

}  // namespace

void write_pyramid(const fs::path& path, int levels) {
  const auto fail = [&](const std::string& why) { throw BadInput(path.string() + ": " + why); };
  ZarrImage image = read_zarr_image(path, 0);
  if (image.array.folder == path) fail("is an array by itself; levels are made in a group");
  if (image.incomplete) fail("is incomplete; go on with it by --resume");
  if (image.levels != 1)
    fail("has " + std::to_string(image.levels) + " levels already, so that none are made");
  if (image.array.shape[axis_c] != 1)
    fail("has several channels; levels are made of volumes of one");

  nlohmann::json attributes = read_group_attributes(path);
  nlohmann::json& datasets = ome_of(attributes)["multiscales"][0]["datasets"];
  const auto temporary = [&](int level) {
    return path / (std::to_string(level) + ".tmp-" + std::to_string(getpid()));
  };
  const auto clean = [&] {
    std::error_code ignored;
    for (int level = 1; level <= levels; ++level) fs::remove_all(temporary(level), ignored);
  };
  try {
    remove_leftovers(path);
    ZarrIndex factors{1, 1, 1, 1, 1};
    for (int level = 1; level <= levels; ++level) {
      const std::string name = std::to_string(level);
      if (fs::exists(path / name)) fail("holds " + name + ", which is no level of it; remove that");
      const ZarrIndex before = image.array.shape;
      image = next_level(image, temporary(level));
      for (std::size_t i = 0; i < axis_count; ++i)
        if (image.array.shape[i] < before[i]) factors[i] *= 2;
      datasets.push_back(level_entry(datasets[0], image.array.axes, factors,
                                     image.array.dtype != DType::u32, name));
    }
    for (int level = 1; level <= levels; ++level)
      fs::rename(temporary(level), path / std::to_string(level));
    write_group_attributes(path, image.array.version, attributes);
  } catch (const fs::filesystem_error& error) {
    clean();
    throw BadInput("cannot write " + path.string() + ": " + error.code().message());
  } catch (...) {
    clean();
    throw;
  }
}

}  // namespace voxelmark
