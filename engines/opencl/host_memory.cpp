#include "engines/opencl/host_memory.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstring>

#include "engines/core/image.hpp"

namespace voxelmark::opencl {

namespace {

class PageableMemory final : public HostMemory {
 public:
  explicit PageableMemory(std::size_t bytes)
      : image_({static_cast<std::int64_t>(bytes), 1, 1}, DType::u8) {}
  std::byte* data() override { return image_.data(); }

 private:
  Image image_;
};

/// Drivers page-lock the memory of such a buffer for as long as it is mapped.
class PinnedMemory final : public HostMemory {
 public:
  PinnedMemory(const cl::Context& context, const cl::Device& device, std::size_t bytes)
      : queue_(context, device),
        buffer_(context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes),
        data_(queue_.enqueueMapBuffer(buffer_, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes)) {}
  ~PinnedMemory() override {
    try {
      queue_.enqueueUnmapMemObject(buffer_, data_);
      queue_.finish();
    } catch (const cl::Error&) {
      // A context that is lost has nothing left to unmap.
    }
  }
  std::byte* data() override { return static_cast<std::byte*>(data_); }

 private:
  cl::CommandQueue queue_;
  cl::Buffer buffer_;
  void* data_;
};

void parallel_copy(std::byte* to, const std::byte* from, std::size_t bytes) {
  constexpr std::size_t grain = std::size_t{256} << 10;
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, bytes, grain), [&](const auto& part) {
    std::memcpy(to + part.begin(), from + part.begin(), part.size());
  });
}

}  // namespace

std::shared_ptr<HostMemory> pageable_memory(std::size_t bytes) {
  return std::make_shared<PageableMemory>(bytes);
}

std::shared_ptr<HostMemory> pinned_memory(const cl::Context& context, const cl::Device& device,
                                          std::size_t bytes) {
  return std::make_shared<PinnedMemory>(context, device, bytes);
}

Staging::Staging(const cl::Context& context, const cl::Device& device) {
  for (Slot& slot : slots_) {
    slot.memory = pinned_memory(context, device, chunk_bytes);
    std::memset(slot.memory->data(), 0, chunk_bytes);  // touched, so that no transfer pays for it
  }
}

/// start(slot, offset, size) enqueues a chunk's move, end(slot, offset, size) follows its end; a
/// chunk ends right before its slot is needed again.
template <class Start, class End>
void Staging::move_chunks(std::size_t bytes, std::vector<cl::Event>* events, Start start, End end) {
  const std::lock_guard turn(mutex_);
  const std::size_t chunks = (bytes + chunk_bytes - 1) / chunk_bytes;
  const auto size_of = [&](std::size_t chunk) {
    return std::min(chunk_bytes, bytes - chunk * chunk_bytes);
  };
  for (std::size_t chunk = 0; chunk < chunks + slots_.size(); ++chunk) {
    Slot& slot = slots_[chunk % slots_.size()];
    if (chunk >= slots_.size() && chunk - slots_.size() < chunks) {
      const std::size_t ended = chunk - slots_.size();
      slot.moved.wait();
      end(slot, ended * chunk_bytes, size_of(ended));
    }
    if (chunk < chunks) {
      start(slot, chunk * chunk_bytes, size_of(chunk));
      if (events) events->push_back(slot.moved);
    }
  }
}

void Staging::upload(cl::CommandQueue& queue, const std::byte* from, const cl::Buffer& to,
                     std::size_t bytes, std::vector<cl::Event>* events) {
  move_chunks(
      bytes, events,
      [&](Slot& slot, std::size_t offset, std::size_t size) {
        parallel_copy(slot.memory->data(), from + offset, size);
        queue.enqueueWriteBuffer(to, CL_FALSE, offset, size, slot.memory->data(), nullptr,
                                 &slot.moved);
        queue.flush();
      },
      [](Slot&, std::size_t, std::size_t) {});
}

void Staging::download(cl::CommandQueue& queue, const cl::Buffer& from, std::byte* to,
                       std::size_t bytes, std::vector<cl::Event>* events) {
  move_chunks(
      bytes, events,
      [&](Slot& slot, std::size_t offset, std::size_t size) {
        queue.enqueueReadBuffer(from, CL_FALSE, offset, size, slot.memory->data(), nullptr,
                                &slot.moved);
        queue.flush();
      },
      [&](Slot& slot, std::size_t offset, std::size_t size) {
        parallel_copy(to + offset, slot.memory->data(), size);
      });
}

}  // namespace voxelmark::opencl
