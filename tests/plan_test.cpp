// What a plan promises: nothing but the work happens while the clock runs.
#include <gtest/gtest.h>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
#include "validate/image_agreement.hpp"

namespace voxelmark {
namespace {

const Operation& operation(const std::string& name) { return find_operation(name); }

class Plans : public testing::TestWithParam<EngineEntry> {
 protected:
  std::unique_ptr<Engine> engine_ = std::get<std::unique_ptr<Engine>>(GetParam().open(0));
  std::unique_ptr<Stream> stream_ = engine_->stream();
  std::unique_ptr<Arena> arena_ = engine_->arena();

  std::unique_ptr<Plan> prepare(const Operation& which, const std::shared_ptr<Buffer>& from,
                                const std::shared_ptr<Buffer>& to) {
    auto prepared = engine_->prepare({which, Parameters(which.parameters), {from}, to, *arena_});
    return std::get<std::unique_ptr<Plan>>(std::move(prepared));
  }
};

TEST_P(Plans, AChainTransfersOnceEachWayAndAllocatesNothing) {
  const Shape shape{40, 30, 6};
  const Image image = generate("noise", shape, DType::f32, 1);
  const auto a = engine_->allocate(shape, DType::f32), b = engine_->allocate(shape, DType::f32),
             c = engine_->allocate(shape, DType::f32);
  const auto blur = prepare(operation("GaussianBlur3D"), a, b);
  const auto add = prepare(operation("AddScalar3D"), b, c);
  const EngineCounters before = engine_->counters();
  const std::size_t bytes = engine_->bytes_in_use();

  stream_->upload(image, *a);
  for (int repeat = 0; repeat < 3; ++repeat) {
    blur->enqueue(*stream_);
    add->enqueue(*stream_);
  }
  Image result(shape, DType::f32);
  stream_->download(*c, result);

  const EngineCounters after = engine_->counters();
  EXPECT_EQ(after.uploads - before.uploads, 1u);
  EXPECT_EQ(after.downloads - before.downloads, 1u);
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.compilations, before.compilations);
  if (!engine_->device().host_memory) {
    EXPECT_EQ(engine_->bytes_in_use(), bytes);
  }

  Image blurred(shape, DType::f32), expected(shape, DType::f32);
  reference::compute(
      {operation("GaussianBlur3D"), Parameters(operation("GaussianBlur3D").parameters), {&image}},
      blurred);
  reference::compute(
      {operation("AddScalar3D"), Parameters(operation("AddScalar3D").parameters), {&blurred}},
      expected);
  EXPECT_TRUE(agrees(image_agreement(expected, result),
                     tolerances::weighted_sum(DType::f32, range_of(image))));
}

TEST_P(Plans, KeepTheirBuffersAlive) {
  const Shape shape{16, 16, 1};
  const Image image = generate("noise", shape, DType::u8, 1);
  auto from = engine_->allocate(shape, DType::u8), to = engine_->allocate(shape, DType::u8);
  stream_->upload(image, *from);
  const auto plan = prepare(operation("Flip2D"), from, to);
  const std::weak_ptr<Buffer> watched = from;
  from.reset();
  to.reset();
  EXPECT_FALSE(watched.expired());
  plan->enqueue(*stream_);
  stream_->sync();
}

TEST_P(Plans, ScratchIsTheLargestOfThePlansNotTheirSum) {
  if (engine_->device().engine == "reference") GTEST_SKIP() << "the reference takes no scratch";
  const Shape shape{64, 64, 8};
  const auto from = engine_->allocate(shape, DType::f32), to = engine_->allocate(shape, DType::f32);
  stream_->fill(*from, 0);
  stream_->fill(*to, 0);
  const auto first = prepare(operation("GaussianBlur3D"), from, to);
  const std::size_t one = engine_->bytes_in_use();
  const auto second = prepare(operation("GaussianBlur3D"), from, to);
  EXPECT_EQ(engine_->bytes_in_use(), one);
}

TEST_P(Plans, MemoryIsGivenBack) {
  const std::size_t before = engine_->bytes_in_use();
  {
    const auto buffer = engine_->allocate({256, 256, 1}, DType::f32);
    stream_->fill(*buffer, 1);
    stream_->sync();
    EXPECT_EQ(engine_->bytes_in_use() - before, 256u * 256 * 4);
    engine_->reset_peak();
    EXPECT_GE(engine_->peak_bytes(), 256u * 256 * 4);
  }
  EXPECT_EQ(engine_->bytes_in_use(), before);
}

TEST_P(Plans, CopyAndFillDoWhatTheySay) {
  const Image image = generate("noise", {100, 7, 3}, DType::u16, 1);
  const auto from = engine_->allocate(image.shape(), DType::u16),
             to = engine_->allocate(image.shape(), DType::u16);
  stream_->upload(image, *from);
  stream_->fill(*to, 0xff);
  Image result(image.shape(), DType::u16);
  stream_->download(*to, result);
  EXPECT_EQ(result.pixels<std::uint16_t>()[2099], 0xffff);
  stream_->copy(*from, *to);
  stream_->download(*to, result);
  EXPECT_EQ(image_agreement(image, result).differing, 0);
}

TEST_P(Plans, TheProbeTakesTime) {
  const Probe probe = engine_->arithmetic_probe();
  EXPECT_GT(probe.seconds, 0);
  EXPECT_GT(probe.flops, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, Plans, testing::ValuesIn(find_devices({{"reference", "tbb", "opencv", "opencl"}})),
    [](const auto& tested) {
      std::string name = tested.param.device.engine;
      std::erase(name, '-');
      return name + std::to_string(tested.index);
    });

}  // namespace
}  // namespace voxelmark
