#pragma once
#include <tbb/task_arena.h>

#include <memory>
#include <vector>

#include "engines/core/engine.hpp"
#include "engines/core/memory_meter.hpp"

namespace voxelmark {

/// Pixels of a CPU engine: its own, or after an upload the caller's image, in place.
class HostBuffer final : public Buffer {
 public:
  HostBuffer(Shape shape, DType dtype, std::shared_ptr<MemoryMeter> meter);
  ~HostBuffer() override;

  /// Own pixels are allocated at their first use: a buffer that is only uploaded to takes none.
  Image& image();
  template <class T>
  T* pixels() {
    return image().pixels<T>().data();
  }
  void wrap(const Image& image);

 private:
  Image own_;
  Image* image_ = nullptr;
  std::shared_ptr<MemoryMeter> meter_;
};

/// Scratch memory of host plans; see Arena.
class HostArena final : public Arena {
 public:
  /// One slot's memory, which moves when a later plan asks for more: read data() when running.
  class Slot {
   public:
    template <class T>
    T* pixels() const {
      return reinterpret_cast<T*>(image_.data());
    }

   private:
    friend class HostArena;
    mutable Image image_;
  };

  explicit HostArena(std::shared_ptr<MemoryMeter> meter) : meter_(std::move(meter)) {}
  ~HostArena() override;
  std::shared_ptr<const Slot> slot(std::size_t number, std::size_t bytes);
  void fill(Stream& stream, std::uint8_t byte) override;

 private:
  std::vector<std::shared_ptr<Slot>> slots_;
  std::shared_ptr<MemoryMeter> meter_;
};

/// What the engines on the host's cores share: memory, a synchronous stream, a thread limit.
class HostEngine : public Engine {
 public:
  /// `threads` 0 means all that this process may use.
  HostEngine(Device device, int threads);

  std::shared_ptr<Buffer> allocate(Shape shape, DType dtype) override;
  std::unique_ptr<Stream> stream(bool profiling) override;
  std::unique_ptr<Arena> arena() override;
  Probe arithmetic_probe() override;
  std::size_t bytes_in_use() const override { return meter_->in_use(); }
  std::size_t reset_peak() override { return meter_->reset_peak(); }
  std::size_t peak_bytes() const override { return meter_->peak(); }

  int threads() const { return threads_; }
  /// Runs `body` with at most threads() threads.
  void execute(const std::function<void()>& body) { arena_->execute(body); }

 protected:
  /// A plan that runs `body` on this engine's threads, and has run it once by now.
  std::unique_ptr<Plan> plan(const Request& request, std::function<void()> body);

 private:
  int threads_;
  std::shared_ptr<tbb::task_arena> arena_;
  std::shared_ptr<MemoryMeter> meter_;
};

/// The machine's CPU as a device of `engine`.
Device host_device(const std::string& engine, const std::string& driver);

/// Hardware threads that this process may use.
int host_threads();

/// Bytes of the CPUs' last-level caches together; 0 where the system does not tell.
std::size_t host_last_level_cache();

/// Bytes of memory that this process can still take: the lesser of the machine's and its cgroup's.
std::size_t host_memory_available();

inline HostBuffer& host(const std::shared_ptr<Buffer>& buffer) {
  return static_cast<HostBuffer&>(*buffer);
}

/// The entry of an engine class on the host's cores. Asking for more threads than there are is a
/// skip.
template <class HostEngineClass>
EngineKind host_engine_kind(const std::string& name, const std::string& driver) {
  return {name, [=]() -> std::variant<std::vector<EngineEntry>, Skip> {
            const Device device = host_device(name, driver);
            return std::vector<EngineEntry>{
                {device, [device](int threads) -> std::variant<std::unique_ptr<Engine>, Skip> {
                   if (threads > host_threads())
                     return Skip{"this process may use " + std::to_string(host_threads()) +
                                 " threads, not " + std::to_string(threads)};
                   return std::make_unique<HostEngineClass>(device, threads);
                 }}};
          }};
}

}  // namespace voxelmark
