#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engines/core/image.hpp"
#include "engines/core/operation.hpp"

namespace voxelmark {

/// What an engine runs on. Sizes are bytes; 0 where the runtime does not tell.
struct Device {
  std::string engine;  ///< "opencl"
  std::string name;    ///< "NVIDIA H200"
  std::string id;      ///< stands in case names: "opencl:NVIDIA_H200", "tbb"
  std::string type;    ///< "CPU", "GPU" or "accelerator"; empty where the runtime is missing
  std::string driver;  ///< driver or library with its version
  std::string platform;
  std::size_t memory = 0, largest_allocation = 0, local_memory = 0;
  std::size_t last_level_cache = 0;  ///< all caches of the last level together
  std::string pci_address;           ///< "0000:41:00.0"; empty where there is none, or untold
  unsigned compute_units = 0;
  bool host_memory = false;  ///< the engine works on the host's pixels: there are no transfers
  bool external = false;     ///< the engine is another process, and may define operations otherwise

  bool is_cpu() const { return type == "CPU"; }
  /// The ground truth: other engines are compared with it.
  bool is_reference() const { return engine == "reference"; }
};

/// Pixels that belong to an engine; only that engine looks inside.
class Buffer {
 public:
  Buffer(Shape shape, DType dtype) : shape_(shape), dtype_(dtype) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  virtual ~Buffer() = default;

  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  std::size_t bytes() const { return static_cast<std::size_t>(shape_.voxels()) * bytes_of(dtype_); }

 private:
  Shape shape_;
  DType dtype_;
};

/// An in-order queue of one engine's device. Calls may return before the work is done; sync()
/// waits.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Shapes and types must be equal. `image` must outlive the work; a host engine goes on reading
  /// its pixels in place until the next upload into `buffer`.
  virtual void upload(const Image& image, Buffer& buffer) = 0;
  virtual void download(const Buffer& buffer, Image& image) = 0;
  virtual void copy(const Buffer& from, Buffer& to) = 0;
  virtual void fill(Buffer& buffer, std::uint8_t byte) = 0;
  virtual void sync() = 0;
  /// Seconds on the device's own clock from the first start to the last end of what was enqueued
  /// since the last call; nothing where the engine has no such clock. Waits for the work.
  virtual std::optional<double> device_seconds() { return std::nullopt; }
  /// Seconds that the calls since the last one of this took by the clock of the engine's own
  /// process; nothing where the engine runs in this one.
  virtual std::optional<double> own_seconds() { return std::nullopt; }
};

/// Scratch memory shared by the plans of one stream: since these run one after another, slot n is
/// as large as the largest n-th scratch of any plan, not their sum.
class Arena {
 public:
  virtual ~Arena() = default;
  virtual void fill(Stream& stream, std::uint8_t byte) = 0;
};

/// An operation made ready for its buffers. enqueue() allocates nothing, compiles nothing and,
/// unless the operation is a transfer, copies nothing to or from the host. Keeps its buffers alive.
/// Not reentrant.
class Plan {
 public:
  virtual ~Plan() = default;
  virtual void enqueue(Stream& stream) = 0;
  /// In what the engine's definition is known to be another one; empty where it is not.
  virtual std::string difference() const { return {}; }
};

/// Why an engine does not do something.
struct Skip {
  std::string reason;
};

/// What an engine makes a plan from.
struct Request {
  const Operation& operation;
  const Parameters& parameters;
  std::vector<std::shared_ptr<Buffer>> inputs;
  std::shared_ptr<Buffer> output;
  Arena& arena;
  std::int64_t largest_label = 0;  ///< an upper bound of the labels among the inputs
};

/// A request as the functions read it that make plans: engines derive their plans' makers from it.
class RequestView {
 public:
  explicit RequestView(const Request& request) : request_(request) {}

  const Operation& operation() const { return request_.operation; }
  const Parameters& parameters() const { return request_.parameters; }
  /// Of the inputs.
  const Shape& shape() const { return request_.inputs[0]->shape(); }
  const Shape& output_shape() const { return request_.output->shape(); }
  DType dtype(std::size_t i = 0) const { return request_.inputs[i]->dtype(); }
  DType output_dtype() const { return request_.output->dtype(); }
  std::int64_t largest_label() const { return request_.largest_label; }

 protected:
  const Request& request_;
};

using Prepared = std::variant<std::unique_ptr<Plan>, Skip>;

/// Counts since the engine was opened: what must not move while the clock runs.
struct EngineCounters {
  std::uint64_t allocations = 0, compilations = 0, uploads = 0, downloads = 0;
  bool operator==(const EngineCounters&) const = default;
};

struct Probe {
  double seconds = 0, flops = 0;
};

struct PinnedTransfer {
  double push_seconds = 0, pull_seconds = 0;
};

/// One implementation of the operations on one device.
class Engine {
 public:
  virtual ~Engine() = default;
  const Device& device() const { return device_; }

  /// Throws TooLarge, naming bytes and limit, where the device can never hold it.
  virtual std::shared_ptr<Buffer> allocate(Shape shape, DType dtype) = 0;
  /// An image in host memory, page-locked where this engine's transfers are faster from there.
  virtual Image transfer_image(Shape shape, DType dtype) { return {shape, dtype}; }
  /// A profiling stream offers device_seconds(), at some cost per launch.
  virtual std::unique_ptr<Stream> stream(bool profiling = false) = 0;
  virtual std::unique_ptr<Arena> arena() = 0;
  /// Does all that must stay outside the clock: builds programs, launches each kernel once, takes
  /// scratch, computes weights, touches every buffer.
  virtual Prepared prepare(const Request& request) = 0;
  /// How many streams may be used at once, each by a thread of its own, so that one works while
  /// another one transfers. Preparing is for one thread.
  virtual int concurrent_streams() const { return 1; }
  /// A fixed piece of float32 multiply-adds on the whole device, the best of several: its rate, and
  /// by two readings whether the clock moved.
  virtual Probe arithmetic_probe() = 0;
  /// Seconds to push and to pull `bytes` through page-locked host memory; nothing where the engine
  /// works on host memory.
  virtual std::optional<PinnedTransfer> pinned_transfer(std::size_t) { return std::nullopt; }
  /// Bytes of device memory now in use by buffers and scratch, and the most since the last reset.
  virtual std::size_t bytes_in_use() const = 0;
  virtual std::size_t reset_peak() = 0;
  virtual std::size_t peak_bytes() const = 0;

  const EngineCounters& counters() const { return counters_; }

 protected:
  Device device_;
  EngineCounters counters_;
};

/// A device that can be opened, `threads` CPU threads wide where it is a CPU (0: all). open() may
/// give a Skip, for example where a device has fewer threads.
struct EngineEntry {
  Device device;
  std::function<std::variant<std::unique_ptr<Engine>, Skip>(int threads)> open;
};

/// What one kind of engine finds on this machine: its devices, or why there is none.
struct EngineKind {
  std::string name;
  std::function<std::variant<std::vector<EngineEntry>, Skip>()> entries;
  /// When it takes part without being named: where no engine is, always, or never.
  enum class Part { by_default, always, never } part = Part::by_default;
};

}  // namespace voxelmark
