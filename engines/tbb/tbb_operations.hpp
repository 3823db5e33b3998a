#pragma once
#include <tbb/blocked_range.h>
#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>

#include "engines/core/host_engine.hpp"

namespace voxelmark::tbb_operations {

/// What runs when a plan is enqueued.
using Body = std::function<void()>;

/// One function per family: takes scratch and weights now, gives what is to run later.
using Make = Body (*)(const HostEngine& engine, const Request& request);

Body add_scalar(const HostEngine&, const Request&);
Body fixed_threshold(const HostEngine&, const Request&);
Body flip(const HostEngine&, const Request&);
Body gaussian_blur(const HostEngine&, const Request&);
Body maximum_z_projection(const HostEngine&, const Request&);
Body median(const HostEngine&, const Request&);

/// Voxels that one task of a pointwise operation takes: enough to hide the task's own cost, few
/// enough to stay in a core's cache.
inline constexpr std::int64_t voxels_per_task = 1 << 15;

/// output[i] = f(input[i]) for every voxel; f gives the output's type.
template <class In, class Out, class F>
Body pointwise(const Request& request, F f) {
  return [input = request.inputs[0], output = request.output, f] {
    const In* from = host(input).pixels<In>();
    Out* to = host(output).pixels<Out>();
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, output->shape().voxels(), voxels_per_task),
        [=](const auto& range) {
          for (auto i = range.begin(); i < range.end(); ++i) to[i] = f(from[i]);
        });
  };
}

/// f(y, z) for every row of a volume.
template <class F>
void for_each_row(const Shape& shape, const F& f) {
  const std::int64_t rows = std::max<std::int64_t>(1, voxels_per_task / shape.x);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, shape.y * shape.z, rows),
                    [&](const auto& range) {
                      for (auto row = range.begin(); row < range.end(); ++row)
                        f(row % shape.y, row / shape.y);
                    });
}

/// Scratch for each thread of an engine.
class ThreadScratch {
 public:
  ThreadScratch(const HostEngine& engine, Arena& arena, std::size_t slot, std::size_t bytes)
      : bytes_((bytes + 63) / 64 * 64),
        slot_(static_cast<HostArena&>(arena).slot(
            slot, bytes_ * static_cast<std::size_t>(engine.threads()))) {}

  /// The running thread's own part.
  template <class T>
  T* pixels() const {
    const int thread = tbb::this_task_arena::current_thread_index();
    return reinterpret_cast<T*>(slot_->pixels<std::byte>() +
                                static_cast<std::size_t>(thread) * bytes_);
  }

 private:
  std::size_t bytes_;
  std::shared_ptr<const HostArena::Slot> slot_;
};

}  // namespace voxelmark::tbb_operations
