#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engines/core/error.hpp"
#include "engines/opencl/opencl_engine.hpp"
#include "engines/opencl/opencl_runtime.hpp"
#include "engines/opencl/plan_builder.hpp"
#include "engines/opencl/program_cache.hpp"
#include "tests/temporary_folder.hpp"

namespace voxelmark::opencl {
namespace {

std::vector<EngineEntry> devices() {
  return std::get<std::vector<EngineEntry>>(opencl_engine().entries());
}

std::unique_ptr<Engine> first_device() {
  return std::get<std::unique_ptr<Engine>>(devices().at(0).open(0));
}

class Cache : public testing::Test {
 protected:
  // PoCL keeps a cache of its own below XDG_CACHE_HOME, and cannot build where that vanishes.
  static void SetUpTestSuite() {
    const auto folder = std::filesystem::temp_directory_path() / "voxelmark_pocl_cache";
    std::filesystem::create_directories(folder);
    setenv("POCL_CACHE_DIR", folder.c_str(), 1);
  }
  void SetUp() override { setenv("XDG_CACHE_HOME", folder_.c_str(), 1); }
  std::vector<std::filesystem::path> entries() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "voxelmark"))
      found.push_back(entry.path());
    return found;
  }
  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_ / "cache";
};

TEST_F(Cache, GivesBackWhatWasStored) {
  EXPECT_FALSE(load_program("key"));
  store_program("key", {1, 2, 0, 3});
  EXPECT_EQ(load_program("key"), (std::vector<unsigned char>{1, 2, 0, 3}));
  EXPECT_FALSE(load_program("another key"));
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(Cache, NeverTakesADamagedOrForeignFile) {
  store_program("key", {1, 2, 3});
  const auto file = entries().at(0);
  for (const char* text : {"", "3\nkey", "3\nyek123", "999999999999\nkey", "no cache entry",
                           "3\nkeyaf63dc4c8601ec8c\n123"}) {
    std::ofstream(file, std::ios::trunc) << text;
    EXPECT_FALSE(load_program("key")) << text;
  }
}

TEST_F(Cache, CostsTimeOnlyWhereItCannotBeWritten) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "voxelmark") << "a file where the folder should be";
  EXPECT_NO_THROW(store_program("key", {1}));
  EXPECT_FALSE(load_program("key"));
  EXPECT_NO_THROW(static_cast<OpenClEngine&>(*first_device())
                      .program("geometry", "-D IN=uchar -D OUT=uchar -D PER_ITEM=1"));
}

TEST_F(Cache, ADamagedBinaryIsBuiltAgain) {
  const std::string options = "-D IN=uchar -D OUT=uchar -D PER_ITEM=1";
  static_cast<OpenClEngine&>(*first_device()).program("geometry", options);
  const auto file = entries().at(0);
  const auto size = std::filesystem::file_size(file);
  std::filesystem::resize_file(file, size - size / 8);
  EXPECT_NO_THROW(cl::Kernel(
      static_cast<OpenClEngine&>(*first_device()).program("geometry", options), "copy_rows"));
}

TEST(OpenCl, ABuildErrorPrintsItsLog) {
  const auto engine = first_device();
  try {
    static_cast<OpenClEngine&>(*engine).program("geometry",
                                                "-D IN=no_such_type -D OUT=uchar -D PER_ITEM=1");
    FAIL() << "the build should have failed";
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("CL_BUILD_PROGRAM_FAILURE (-11)"), std::string::npos) << text;
    EXPECT_NE(text.find("no_such_type"), std::string::npos) << text;
  }
}

TEST(OpenCl, ErrorsCarryTheirNames) {
  EXPECT_EQ(error_name(-5), "CL_OUT_OF_RESOURCES (-5)");
  EXPECT_EQ(error_name(-9999), "an unknown code (-9999)");
  EXPECT_THROW(with_context("blur", [] { throw cl::Error(CL_INVALID_VALUE, "clTest"); }),
               std::runtime_error);
}

TEST(OpenCl, WhatCannotFitNamesBytesAndLimit) {
  const auto engine = first_device();
  try {
    engine->allocate({1'000'000, 1'000'000, 1}, DType::f32);
    FAIL() << "the allocation should have been refused";
  } catch (const TooLarge& error) {
    EXPECT_NE(std::string(error.what()).find("4000000000000 bytes"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find(std::to_string(engine->device().largest_allocation)),
              std::string::npos)
        << error.what();
  }
}

TEST(OpenCl, ThreadsBecomeASubDevice) {
  for (const auto& entry : devices()) {
    if (!entry.device.is_cpu()) continue;
    auto one = std::get<std::unique_ptr<Engine>>(entry.open(1));
    EXPECT_EQ(one->device().compute_units, 1u);
    EXPECT_GT(one->arithmetic_probe().seconds, 0);
    EXPECT_TRUE(std::holds_alternative<Skip>(entry.open(100000)));
  }
}

TEST(OpenCl, AProfilingStreamHasTheDevicesClock) {
  const auto engine = first_device();
  EXPECT_FALSE(engine->stream(false)->device_seconds());
  EXPECT_FALSE(engine->stream(true)->device_seconds());  // nothing was launched yet
}

Image counted_up(std::size_t bytes, unsigned start) {
  Image image({static_cast<std::int64_t>(bytes), 1, 1}, DType::u8);
  for (std::size_t i = 0; i < bytes; ++i)  // 251 is prime: chunks that change places are seen
    image.data()[i] = static_cast<std::byte>((i + start) % 251);
  return image;
}

/// Whether an image comes back through the stream as it went, also over an earlier one.
void expect_round_trip(Engine& engine, Stream& stream, std::size_t bytes, unsigned start) {
  const Image image = counted_up(bytes, start);
  Image back(image.shape(), DType::u8);
  const auto buffer = engine.allocate(image.shape(), DType::u8);
  stream.fill(*buffer, 0xff);
  stream.upload(image, *buffer);
  stream.download(*buffer, back);
  EXPECT_EQ(std::memcmp(image.data(), back.data(), bytes), 0) << bytes << " bytes";
}

TEST(OpenCl, StagedTransfersKeepEveryByte) {
  const auto opened = first_device();
  auto& engine = static_cast<OpenClEngine&>(*opened);
  const std::size_t before = engine.bytes_in_use(), chunk = Staging::chunk_bytes;
  engine.stage_transfers(1);
  const auto stream = engine.stream(false);
  unsigned start = 0;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4097}, chunk - 1, chunk, chunk + 1,
                                  2 * chunk + 13, 3 * chunk, 3 * chunk + 1, 7 * chunk - 5})
    expect_round_trip(engine, *stream, bytes, ++start);
  EXPECT_EQ(engine.bytes_in_use(), before);  // staging buffers are no device memory of a case
}

TEST(OpenCl, StagedTransfersOfTwoStreamsDoNotMix) {
  const auto opened = first_device();
  auto& engine = static_cast<OpenClEngine&>(*opened);
  engine.stage_transfers(1);
  constexpr std::size_t bytes = 3 * Staging::chunk_bytes + 77;
  const Image images[] = {counted_up(bytes, 1), counted_up(bytes, 100)};
  std::shared_ptr<Buffer> buffers[2];
  std::unique_ptr<Stream> streams[2];
  Image backs[] = {Image(images[0].shape(), DType::u8), Image(images[0].shape(), DType::u8)};
  for (int i = 0; i < 2; ++i) {
    buffers[i] = engine.allocate(images[i].shape(), DType::u8);
    streams[i] = engine.stream(false);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&, i] {
      for (int repeat = 0; repeat < 5; ++repeat) {
        streams[i]->upload(images[i], *buffers[i]);
        streams[i]->download(*buffers[i], backs[i]);
      }
    });
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(std::memcmp(images[i].data(), backs[i].data(), bytes), 0) << "stream " << i;
  }
}

TEST(OpenCl, PageLockedImagesKeepEveryByte) {
  const auto opened = first_device();
  auto& engine = static_cast<OpenClEngine&>(*opened);
  EXPECT_EQ(engine.transfer_image({64, 64, 1}, DType::u8).page_locked(), engine.stages(64 * 64));
  engine.stage_transfers(4097);
  EXPECT_FALSE(engine.transfer_image({4096, 1, 1}, DType::u8).page_locked());
  const auto stream = engine.stream(false);
  const std::size_t before = engine.bytes_in_use();
  Image image = engine.transfer_image({4099, 3, 2}, DType::u16),
        back = engine.transfer_image({4099, 3, 2}, DType::u16);
  EXPECT_TRUE(image.page_locked());
  EXPECT_EQ(engine.bytes_in_use(), before);
  const Image counted = counted_up(image.bytes(), 5);
  std::memcpy(image.data(), counted.data(), image.bytes());
  std::memset(back.data(), 0xff, back.bytes());
  const auto buffer = engine.allocate(image.shape(), DType::u16);
  stream->upload(image, *buffer);
  stream->download(*buffer, back);
  EXPECT_EQ(std::memcmp(counted.data(), back.data(), back.bytes()), 0);
  const Image moved = std::move(back);  // the pixels stay where they are
  EXPECT_TRUE(moved.page_locked());
  EXPECT_EQ(std::memcmp(counted.data(), moved.data(), moved.bytes()), 0);
}

TEST(OpenCl, OnlyGpusWithMemoryOfTheirOwnStage) {
  for (const auto& entry : devices()) {
    const auto opened = std::get<std::unique_ptr<Engine>>(entry.open(0));
    auto& engine = static_cast<OpenClEngine&>(*opened);
    if (entry.device.is_cpu()) {
      EXPECT_FALSE(engine.stages(std::size_t{1} << 40));
    }
    engine.stage_transfers(1000);
    EXPECT_FALSE(engine.stages(999));
    EXPECT_TRUE(engine.stages(1000));
  }
}

TEST(OpenCl, FamiliesNameTheirKernelFiles) {
  EXPECT_EQ(kernel_file("GaussianBlur"), "gaussian_blur");
  EXPECT_EQ(kernel_file("MaximumZProjection"), "maximum_z_projection");
}

}  // namespace
}  // namespace voxelmark::opencl
