#pragma once
#include <tbb/blocked_range.h>
#include <tbb/blocked_range2d.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>

#include "engines/core/distance_transform.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/operations/strided_view.hpp"
#include "engines/operations/window.hpp"
#include "engines/tbb/vectorised.hpp"

namespace voxelmark::tbb_operations {

/// What runs when a plan is enqueued.
using Body = std::function<void()>;

/// What a step reads or writes: an input, the output or scratch. as() is for the step's run, since
/// scratch moves when a later plan asks for more.
class Pixels {
 public:
  Pixels() = default;
  Pixels(std::shared_ptr<Buffer> buffer) : buffer_(std::move(buffer)) {}
  Pixels(std::shared_ptr<const HostArena::Slot> slot) : slot_(std::move(slot)) {}

  template <class T>
  T* as() const {
    return buffer_ ? host(buffer_).pixels<T>() : slot_->pixels<T>();
  }
  /// Of scratch, which may hold what is no pixel.
  template <class T>
  T* scratch() const {
    return slot_->pixels<T>();
  }

 private:
  std::shared_ptr<Buffer> buffer_;
  std::shared_ptr<const HostArena::Slot> slot_;
};

/// Scratch for each thread of an engine.
class ThreadScratch {
 public:
  ThreadScratch(std::shared_ptr<const HostArena::Slot> slot, std::size_t bytes)
      : slot_(std::move(slot)), bytes_(bytes) {}

  /// The running thread's own part.
  template <class T>
  T* pixels() const {
    const int thread = tbb::this_task_arena::current_thread_index();
    return reinterpret_cast<T*>(slot_->pixels<std::byte>() +
                                static_cast<std::size_t>(thread) * bytes_);
  }

 private:
  std::shared_ptr<const HostArena::Slot> slot_;
  std::size_t bytes_;
};

/// A plan in the making: its request, and scratch from the arena, a slot a call.
class Work : public RequestView {
 public:
  Work(const HostEngine& engine, const Request& request) : RequestView(request), engine_(engine) {}

  int threads() const { return engine_.threads(); }

  Pixels input(std::size_t i = 0) const { return request_.inputs[i]; }
  Pixels output() const { return request_.output; }
  Pixels scratch(std::size_t bytes) { return slot(bytes); }
  ThreadScratch scratch_per_thread(std::size_t bytes) {
    const std::size_t part = (bytes + 63) / 64 * 64;
    return {slot(part * static_cast<std::size_t>(engine_.threads())), part};
  }

 private:
  std::shared_ptr<const HostArena::Slot> slot(std::size_t bytes) {
    return static_cast<HostArena&>(request_.arena).slot(slots_++, bytes);
  }

  const HostEngine& engine_;
  std::size_t slots_ = 0;
};

/// One function per family: takes scratch and weights now, gives what is to run later.
using Make = Body (*)(Work& work);

#define VOXELMARK_FAMILY(family, function) Body function(Work&);
#include "engines/tbb/families.def"

/// Steps that compositions share. `from` and `to` are images of `shape`, and not the same.

/// A Gaussian blur; see GaussianBlur.
Body blur(Work&, const Pixels& from, DType from_type, const Pixels& to, DType to_type,
          const Shape& shape, const PerAxis& sigma);

/// Copies voxels into another order. `to` is an image of view.shape.
Body copy_view(const Pixels& from, const Pixels& to, DType dtype, const StridedView& view);

/// The mask `to`, u8, of what lies above a level found in the histogram; see AutoThreshold.
Body auto_threshold(Work&, const Pixels& from, DType from_type, const Pixels& to,
                    const Shape& shape, const std::string& method);

/// The window's smallest or largest value, both images of `type`; see Minimum and Maximum.
Body extreme(Work&, Extreme which, const Pixels& from, const Pixels& to, DType type,
             const Shape& shape, const Window& window);

/// The same of "not 0", as a u8 mask: the minimum erodes, the maximum dilates; see Erode and
/// Dilate.
Body binary_extreme(Work&, Extreme which, const Pixels& from, DType from_type, const Pixels& to,
                    const Shape& shape, const Window& window);

/// The components of the mask's foreground in `labels` (u32); see ConnectedComponents.
Body components(Work&, const Pixels& mask, DType mask_type, const Pixels& labels, const Shape&,
                bool box);

/// The mask `to`, u8, of the local maxima; see DetectMaxima.
Body mark_maxima(Work&, const Pixels& from, DType from_type, const Pixels& to, const Shape& shape,
                 const Window& box, float floor);

/// The nearest label of each voxel; see Voronoi.
Body nearest_label(Work&, const Pixels& seeds, const Pixels& labels, const Shape&,
                   const AxisWeights&);

/// The rows of Centroids for `labels`, an image of the inputs' shape, in scratch of 4 doubles a
/// label, for at least one label.
Body label_centroids(Work&, const Pixels& labels, const Pixels& table);

/// Voxels that one task of a pointwise operation takes: enough to hide the task's own cost, few
/// enough to stay in a core's cache.
inline constexpr std::int64_t voxels_per_task = 1 << 15;

/// output[i] = f(input[i]) for every voxel; f gives the output's type.
template <class In, class Out, class F>
Body pointwise(const Pixels& input, const Pixels& output, const Shape& shape, F f) {
  return [=, voxels = shape.voxels()] {
    const In* from = input.as<In>();
    Out* to = output.as<Out>();
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, voxels, voxels_per_task),
                      [=](const auto& range) {
                        vectorised([=] {
                          for (auto i = range.begin(); i < range.end(); ++i) to[i] = f(from[i]);
                        });
                      });
  };
}

/// output[i] = f(a[i], b[i]) for every voxel.
template <class A, class B, class Out, class F>
Body pointwise(const Pixels& a, const Pixels& b, const Pixels& output, const Shape& shape, F f) {
  return [=, voxels = shape.voxels()] {
    const A* first = a.as<A>();
    const B* second = b.as<B>();
    Out* to = output.as<Out>();
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, voxels, voxels_per_task),
                      [=](const auto& range) {
                        vectorised([=] {
                          for (auto i = range.begin(); i < range.end(); ++i)
                            to[i] = f(first[i], second[i]);
                        });
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

}  // namespace voxelmark::tbb_operations
