// Shows how a volume was read, for comparison with another reader:
//   volume_dump PATH [CHANNEL [LEVEL]]
// writes "x y z frames dtype sx sy sz\n" and the raw pixels, read in regions that cut chunks;
//   volume_dump --copy PATH COPY VERSION COMPRESSION SHUFFLE LEVELS
// reads one and writes a Zarr volume, with COMPRESSION none, lz4 or zstd, SHUFFLE 0, 1 (bytes) or 2
// (bits), and LEVELS further levels. Exits with 2 where something is refused.
//   volume_dump --speed FOLDER COMPRESSION DATASET
// writes and reads back 2 GiB of u16 in FOLDER, and tells how fast.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "datasets/generators.hpp"
#include "datasets/open_volume.hpp"
#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace {

using namespace voxelmark;

const std::map<std::string, ZarrFormat::Compression> compressions{
    {"none", ZarrFormat::Compression::none},
    {"lz4", ZarrFormat::Compression::lz4},
    {"zstd", ZarrFormat::Compression::zstd}};

/// Calls `f` with boxes that make up the volume, each of at most `extent`.
template <class F>
void for_regions(const Shape& shape, const Shape& extent, F&& f) {
  for (std::int64_t z = 0; z < shape.z; z += extent.z)
    for (std::int64_t y = 0; y < shape.y; y += extent.y)
      for (std::int64_t x = 0; x < shape.x; x += extent.x)
        f(Region{{x, y, z},
                 {std::min(extent.x, shape.x - x), std::min(extent.y, shape.y - y),
                  std::min(extent.z, shape.z - z)}});
}

void dump(VolumeReader& volume) {
  const auto& [shape, dtype, spacing, frames, chunk] = volume.info();
  std::cout << shape.x << ' ' << shape.y << ' ' << shape.z << ' ' << frames << ' '
            << to_string(dtype) << ' ' << shortest(spacing.x) << ' ' << shortest(spacing.y) << ' '
            << shortest(spacing.z) << '\n';
  // Rows of all columns follow each other, as the pixels are to be written.
  const Shape rows{shape.x, std::max<std::int64_t>(1, chunk.y - 1), 1};
  for (std::int64_t frame = 0; frame < frames; ++frame)
    for_regions(shape, rows, [&](const Region& region) {
      Image pixels(region.extent, volume.info().dtype);
      volume.read(region, frame, pixels);
      std::cout.write(reinterpret_cast<const char*>(pixels.data()),
                      static_cast<std::streamsize>(pixels.bytes()));
    });
}

void copy(VolumeReader& volume, const std::string& target, const ZarrFormat& format) {
  VolumeInfo info = volume.info();
  info.chunk = {7, 11, 2};
  const auto writer = create_ome_zarr(target, info, format);
  for (std::int64_t frame = 0; frame < info.frames; ++frame)
    for_regions(info.shape, {21, 11, 4}, [&](const Region& region) {
      Image pixels(region.extent, info.dtype);
      volume.read(region, frame, pixels);
      writer->write(region, frame, pixels);
    });
  writer->finish();
}

/// The same 128 MiB again and again: no machine is too small for that.
void measure(const std::string& folder, const ZarrFormat& format, const std::string& dataset) {
  const VolumeInfo info{{1024, 1024, 1024}, DType::u16, {}, 1, {128, 128, 64}};
  const Shape region_extent{1024, 1024, 64};
  Image pixels = generate(dataset, region_extent, DType::u16, 1);
  const std::string path = folder + "/speed.zarr";
  const auto timed = [&](const std::string& what, auto&& f) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double bytes = 2 * static_cast<double>(info.shape.voxels());
    std::cout << what << ": " << rounded(bytes / seconds.count() / 1e9, 3) << " GB/s\n";
  };
  const auto for_all = [&](auto&& f) { for_regions(info.shape, region_extent, f); };
  timed("write", [&] {
    const auto writer = create_ome_zarr(path, info, format);
    for_all([&](const Region& region) { writer->write(region, 0, pixels); });
    writer->finish();
  });
  const auto reader = open_ome_zarr(path);
  timed("read", [&] { for_all([&](const Region& region) { reader->read(region, 0, pixels); }); });
  timed("three further levels", [&] { write_pyramid(path, 3); });
}

int run(const std::vector<std::string>& arguments) {
  const auto compression = [](const std::string& name) {
    const auto found = compressions.find(name);
    if (found == compressions.end()) throw BadInput(name + ": no such compression");
    return found->second;
  };
  if (arguments.size() == 7 && arguments[0] == "--copy") {
    const ZarrFormat format{std::stoi(arguments[3]), compression(arguments[4]),
                            static_cast<ZarrFormat::Shuffle>(std::stoi(arguments[5]))};
    copy(*open_volume(arguments[1]), arguments[2], format);
    if (const int levels = std::stoi(arguments[6])) write_pyramid(arguments[2], levels);
  } else if (arguments.size() == 4 && arguments[0] == "--speed") {
    measure(arguments[1], {.compression = compression(arguments[2])}, arguments[3]);
  } else if (arguments.size() >= 1 && arguments.size() <= 3) {
    ZarrSelection selection;
    if (arguments.size() > 1) selection.channel = std::stoi(arguments[1]);
    if (arguments.size() > 2) selection.level = std::stoi(arguments[2]);
    dump(*open_volume(arguments[0], selection));
  } else {
    std::cerr << "usage: volume_dump PATH [CHANNEL [LEVEL]] | --copy PATH COPY VERSION COMPRESSION "
                 "SHUFFLE LEVELS | --speed FOLDER COMPRESSION DATASET\n";
    return 2;
  }
  return std::cout.flush() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const voxelmark::BadInput& error) {
    std::cerr << error.what() << '\n';
  } catch (const voxelmark::TooLarge& error) {
    std::cerr << error.what() << '\n';
  }
  return 2;
}
