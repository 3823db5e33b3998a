#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engines/core/engine.hpp"
#include "engines/core/memory_meter.hpp"
#include "engines/opencl/cl.hpp"
#include "engines/opencl/host_memory.hpp"

namespace voxelmark::opencl {

class OpenClBuffer final : public Buffer {
 public:
  OpenClBuffer(cl::Buffer memory, Shape shape, DType dtype, std::shared_ptr<MemoryMeter> meter);
  ~OpenClBuffer() override;
  const cl::Buffer& memory() const { return memory_; }

  /// From now on the pixels are those in `memory`, of at least bytes(): the result of a pull.
  void move_to_host(std::shared_ptr<HostMemory> memory) { host_ = std::move(memory); }
  HostMemory* on_host() const { return host_.get(); }

 private:
  cl::Buffer memory_;
  std::shared_ptr<HostMemory> host_;
  std::shared_ptr<MemoryMeter> meter_;
};

class OpenClEngine;

class OpenClStream final : public Stream {
 public:
  OpenClStream(OpenClEngine& engine, cl::CommandQueue queue, bool profiling,
               EngineCounters& counters)
      : engine_(engine), queue_(std::move(queue)), profiling_(profiling), counters_(counters) {}

  void upload(const Image& image, Buffer& buffer) override;
  void download(const Buffer& buffer, Image& image) override;
  void copy(const Buffer& from, Buffer& to) override;
  void fill(Buffer& buffer, std::uint8_t byte) override;
  void fill(const cl::Buffer& memory, std::uint8_t byte, std::size_t bytes);
  void sync() override;
  /// Between host memory and a buffer of the device; `memory` must outlive the work.
  void write(HostMemory& memory, OpenClBuffer& buffer);
  void read(const OpenClBuffer& buffer, HostMemory& memory);
  /// The same of pageable memory, through the engine's staging(); done when they return.
  void write_staged(HostMemory& memory, OpenClBuffer& buffer);
  void read_staged(const OpenClBuffer& buffer, HostMemory& memory);
  std::optional<double> device_seconds() override;
  void launch(const cl::Kernel& kernel, const cl::NDRange& global, const cl::NDRange& local);

 private:
  /// Where the next command's event goes: nowhere without profiling.
  cl::Event* event();
  std::vector<cl::Event>* events() { return profiling_ ? &events_ : nullptr; }

  OpenClEngine& engine_;
  cl::CommandQueue queue_;
  bool profiling_;
  std::vector<cl::Event> events_;
  EngineCounters& counters_;
};

class OpenClArena final : public Arena {
 public:
  /// One slot's memory, replaced when a later plan asks for more: kernels take it when they are
  /// launched.
  struct Slot {
    cl::Buffer memory;
    std::size_t bytes = 0;
  };

  explicit OpenClArena(OpenClEngine& engine);
  ~OpenClArena() override;
  std::shared_ptr<const Slot> slot(std::size_t number, std::size_t bytes);
  void fill(Stream& stream, std::uint8_t byte) override;

 private:
  OpenClEngine& engine_;
  std::shared_ptr<MemoryMeter> meter_;
  std::vector<std::shared_ptr<Slot>> slots_;
};

class OpenClEngine final : public Engine {
 public:
  OpenClEngine(Device device, cl::Device cl_device);

  std::shared_ptr<Buffer> allocate(Shape shape, DType dtype) override;
  Image transfer_image(Shape shape, DType dtype) override;
  std::unique_ptr<Stream> stream(bool profiling) override;
  std::unique_ptr<Arena> arena() override { return std::make_unique<OpenClArena>(*this); }
  Prepared prepare(const Request& request) override;
  /// One pushes, one computes, one pulls, one is read or written; a CPU is its own host.
  int concurrent_streams() const override { return device_.is_cpu() ? 2 : 4; }
  Probe arithmetic_probe() override;
  std::optional<PinnedTransfer> pinned_transfer(std::size_t bytes) override;
  std::size_t bytes_in_use() const override { return meter_->in_use(); }
  std::size_t reset_peak() override { return meter_->reset_peak(); }
  std::size_t peak_bytes() const override { return meter_->peak(); }

  /// Device memory that has been touched, since drivers allocate at the first use. Throws TooLarge.
  cl::Buffer memory(std::size_t bytes);
  std::shared_ptr<HostMemory> host_memory(std::size_t bytes, bool pinned);
  /// From now on streams stage uploads and downloads of at least so many bytes; without this call
  /// those of 2 MiB on GPUs with memory of their own, elsewhere none.
  void stage_transfers(std::size_t at_least) { staged_from_ = at_least; }
  bool stages(std::size_t bytes) const { return bytes >= staged_from_; }
  /// Made at the first call, which allocate() does for the first buffer whose transfers are staged.
  Staging& staging();
  /// The family's program for these options, with `before` in front, from this process, from the
  /// disk cache, or built now. Throws std::runtime_error with the build log.
  cl::Program program(const std::string& family, const std::string& options,
                      const std::string& before = "");
  const std::shared_ptr<MemoryMeter>& meter() const { return meter_; }
  const cl::Context& context() const { return context_; }
  /// `local`, halved along its largest axis until the device takes it.
  cl::NDRange fitting(std::array<std::size_t, 3> local) const;

 private:
  cl::Program build(const std::string& source, const std::string& options);

  cl::Device cl_device_;
  cl::Context context_;
  std::shared_ptr<MemoryMeter> meter_;
  std::map<std::string, cl::Program> programs_;
  std::size_t staged_from_;
  std::unique_ptr<Staging> staging_;
};

}  // namespace voxelmark::opencl
