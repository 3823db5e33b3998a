#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "bench/engines.hpp"
#include "engines/operations/add_scalar.hpp"

namespace voxelmark {

namespace {

/// The shortest of several runs, in seconds: a limit is what the device can do undisturbed.
template <class F>
double best_of(int repeats, const F& work) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

double launch_seconds(Engine& engine, Stream& stream) {
  const Operation operation = add_scalar(2);
  const Parameters parameters(operation.parameters);
  const Shape tiny{16, 16, 1};
  const auto arena = engine.arena();
  auto plan = engine.prepare({operation, parameters, {engine.allocate(tiny, DType::f32)},
                              engine.allocate(tiny, DType::f32), *arena});
  if (!std::holds_alternative<std::unique_ptr<Plan>>(plan)) return 0;
  constexpr int launches = 500;
  return best_of(5, [&] {
           for (int i = 0; i < launches; ++i) std::get<std::unique_ptr<Plan>>(plan)->enqueue(stream);
           stream.sync();
         }) / launches;
}

}  // namespace

Limits measure_limits(Engine& engine) {
  Limits limits;
  const Device& device = engine.device();
  // Large enough to leave every cache, small enough for every device.
  const std::size_t bytes = std::min<std::size_t>(std::size_t{128} << 20, device.largest_allocation / 4);
  const Shape shape{static_cast<std::int64_t>(bytes), 1, 1};
  const double total = static_cast<double>(bytes);
  const auto stream = engine.stream();
  {
    const auto from = engine.allocate(shape, DType::u8), to = engine.allocate(shape, DType::u8);
    stream->fill(*from, 1);
    stream->fill(*to, 2);
    stream->sync();
    limits.copy_bytes_per_second = 2 * total / best_of(10, [&] {
                                     stream->copy(*from, *to);
                                     stream->sync();
                                   });
    if (!device.host_memory) {
      Image image(shape, DType::u8);
      std::memset(image.data(), 3, image.bytes());
      limits.push_bytes_per_second = total / best_of(4, [&] {
                                       stream->upload(image, *from);
                                       stream->sync();
                                     });
      limits.pull_bytes_per_second = total / best_of(4, [&] {
                                       stream->download(*from, image);
                                       stream->sync();
                                     });
    }
  }
  if (const auto pinned = engine.pinned_transfer(bytes)) {
    limits.pinned_push_bytes_per_second = total / pinned->push_seconds;
    limits.pinned_pull_bytes_per_second = total / pinned->pull_seconds;
  }
  limits.launch_seconds = launch_seconds(engine, *stream);
  const Probe probe = engine.arithmetic_probe();
  limits.flops = probe.flops / probe.seconds;
  return limits;
}

}  // namespace voxelmark
