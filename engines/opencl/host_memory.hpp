#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "engines/opencl/cl.hpp"

namespace voxelmark::opencl {

/// Host memory for transfers, pageable or page-locked.
class HostMemory {
 public:
  virtual ~HostMemory() = default;
  virtual std::byte* data() = 0;
};

std::shared_ptr<HostMemory> pageable_memory(std::size_t bytes);
/// Throws cl::Error where the driver does not give as much.
std::shared_ptr<HostMemory> pinned_memory(const cl::Context&, const cl::Device&, std::size_t bytes);

/// Moves pageable memory to and from a device through page-locked buffers of its own, chunk by
/// chunk: all CPU threads copy one chunk while the device moves others. A driver's own way through
/// page-locked memory copies on one thread.
class Staging {
 public:
  static constexpr std::size_t chunk_bytes = std::size_t{4} << 20;

  Staging(const cl::Context&, const cl::Device&);

  /// Done when they return, in the queue's order. `events`, unless null, gains one event a chunk.
  /// Threads may call them at once, and then take turns. Throw cl::Error.
  void upload(cl::CommandQueue&, const std::byte* from, const cl::Buffer& to, std::size_t bytes,
              std::vector<cl::Event>* events);
  void download(cl::CommandQueue&, const cl::Buffer& from, std::byte* to, std::size_t bytes,
                std::vector<cl::Event>* events);

 private:
  struct Slot {
    std::shared_ptr<HostMemory> memory;
    cl::Event moved;
  };
  template <class Start, class End>
  void move_chunks(std::size_t bytes, std::vector<cl::Event>* events, Start start, End end);

  std::array<Slot, 3> slots_;  // one for the CPU, one for the device, one so that neither waits
  std::mutex mutex_;
};

}  // namespace voxelmark::opencl
