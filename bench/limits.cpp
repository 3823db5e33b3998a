#include <algorithm>
#include <chrono>
#include <cmath>
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

/// Seconds of one AddScalar out of `launches` that are enqueued one behind the other; infinity
/// where the engine has none.
double add_scalar_seconds(Engine& engine, Stream& stream, const Shape& shape, int launches,
                          int runs) {
  const Operation operation = add_scalar(2);
  const Parameters parameters(operation.parameters);
  const auto arena = engine.arena();
  // A type that no case has: programs that are built here must not make a case's first call a
  // second one.
  const DType type = engine.device().host_memory ? DType::f32 : DType::u32;
  const auto from = engine.allocate(shape, type), to = engine.allocate(shape, type);
  stream.fill(*from, 0);
  auto prepared = engine.prepare({operation, parameters, {from}, to, *arena});
  if (std::holds_alternative<Skip>(prepared)) return std::numeric_limits<double>::infinity();
  Plan& plan = *std::get<std::unique_ptr<Plan>>(prepared);
  return best_of(std::min(runs, 5),
                 [&] {
                   for (int i = 0; i < launches; ++i) plan.enqueue(stream);
                   stream.sync();
                 }) /
         launches;
}

}  // namespace

Limits measure_limits(Engine& engine, int runs) {
  Limits limits;
  const Device& device = engine.device();
  // Large enough to leave every cache, small enough for every device.
  const std::size_t beyond_cache = std::max(std::size_t{128} << 20, 2 * device.last_level_cache);
  const std::size_t bytes = std::min(beyond_cache, device.largest_allocation / 4);
  const Shape shape{static_cast<std::int64_t>(bytes), 1, 1};
  const double total = static_cast<double>(bytes);
  const auto stream = engine.stream();
  {
    const auto from = engine.allocate(shape, DType::u8), to = engine.allocate(shape, DType::u8);
    stream->fill(*from, 1);
    stream->fill(*to, 2);
    stream->sync();
    limits.copy_bytes_per_second = 2 * total / best_of(runs, [&] {
                                     stream->copy(*from, *to);
                                     stream->sync();
                                   });
    if (!device.host_memory) {
      // Some runtimes copy on one thread: a kernel that reads and writes once can be the better
      // copy.
      const Shape floats{static_cast<std::int64_t>(bytes / sizeof(float)), 1, 1};
      limits.copy_bytes_per_second =
          std::max(limits.copy_bytes_per_second,
                   2 * total / add_scalar_seconds(engine, *stream, floats, 1, runs));
      Image image(shape, DType::u8);
      std::memset(image.data(), 3, image.bytes());
      limits.push_bytes_per_second = total / best_of(std::min(runs, 4), [&] {
                                       stream->upload(image, *from);
                                       stream->sync();
                                     });
      limits.pull_bytes_per_second = total / best_of(std::min(runs, 4), [&] {
                                       stream->download(*from, image);
                                       stream->sync();
                                     });
    }
  }
  if (const auto pinned = engine.pinned_transfer(bytes)) {
    limits.pinned_push_bytes_per_second = total / pinned->push_seconds;
    limits.pinned_pull_bytes_per_second = total / pinned->pull_seconds;
  }
  if (const double launch = add_scalar_seconds(engine, *stream, {16, 16, 1}, 500, runs);
      std::isfinite(launch))
    limits.launch_seconds = launch;
  const Probe probe = engine.arithmetic_probe();
  limits.flops = probe.flops / probe.seconds;
  return limits;
}

}  // namespace voxelmark
