#include "engines/opencl/opencl_runtime.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "engines/opencl/kernel_sources.hpp"
#include "engines/opencl/program_cache.hpp"

namespace voxelmark::opencl {

OpenClBuffer::OpenClBuffer(cl::Buffer memory, Shape shape, DType dtype,
                           std::shared_ptr<MemoryMeter> meter)
    : Buffer(shape, dtype), memory_(std::move(memory)), meter_(std::move(meter)) {
  meter_->add(bytes());
}

OpenClBuffer::~OpenClBuffer() { meter_->remove(bytes()); }

namespace {
const cl::Buffer& memory_of(const Buffer& buffer) {
  return static_cast<const OpenClBuffer&>(buffer).memory();
}

std::string transfer(const char* name, const Buffer& buffer) {
  return std::string(name) + " of " + human_bytes(static_cast<double>(buffer.bytes()));
}
}  // namespace

void OpenClStream::upload(const Image& image, Buffer& buffer) {
  std::atomic_ref(counters_.uploads)++;
  with_context(transfer("upload", buffer), [&] {
    if (engine_.stages(buffer.bytes()) && !image.page_locked())
      return engine_.staging().upload(queue_, image.data(), memory_of(buffer), buffer.bytes(),
                                      nullptr);
    queue_.enqueueWriteBuffer(memory_of(buffer), CL_TRUE, 0, buffer.bytes(), image.data());
  });
}

void OpenClStream::download(const Buffer& buffer, Image& image) {
  std::atomic_ref(counters_.downloads)++;
  if (HostMemory* host = static_cast<const OpenClBuffer&>(buffer).on_host()) {
    sync();
    std::memcpy(image.data(), host->data(), buffer.bytes());
    return;
  }
  with_context(transfer("download", buffer), [&] {
    if (engine_.stages(buffer.bytes()) && !image.page_locked())
      return engine_.staging().download(queue_, memory_of(buffer), image.data(), buffer.bytes(),
                                        nullptr);
    queue_.enqueueReadBuffer(memory_of(buffer), CL_TRUE, 0, buffer.bytes(), image.data());
  });
}

void OpenClStream::copy(const Buffer& from, Buffer& to) {
  with_context(transfer("copy", from), [&] {
    queue_.enqueueCopyBuffer(memory_of(from), memory_of(to), 0, 0, from.bytes(), nullptr, event());
  });
}

void OpenClStream::write(HostMemory& memory, OpenClBuffer& buffer) {
  queue_.enqueueWriteBuffer(buffer.memory(), CL_FALSE, 0, buffer.bytes(), memory.data(), nullptr,
                            event());
}

void OpenClStream::read(const OpenClBuffer& buffer, HostMemory& memory) {
  queue_.enqueueReadBuffer(buffer.memory(), CL_FALSE, 0, buffer.bytes(), memory.data(), nullptr,
                           event());
}

void OpenClStream::write_staged(HostMemory& memory, OpenClBuffer& buffer) {
  engine_.staging().upload(queue_, memory.data(), buffer.memory(), buffer.bytes(), events());
}

void OpenClStream::read_staged(const OpenClBuffer& buffer, HostMemory& memory) {
  engine_.staging().download(queue_, buffer.memory(), memory.data(), buffer.bytes(), events());
}

void OpenClStream::fill(Buffer& buffer, std::uint8_t byte) {
  if (HostMemory* host = static_cast<OpenClBuffer&>(buffer).on_host()) {
    sync();
    std::memset(host->data(), byte, buffer.bytes());
    return;
  }
  fill(memory_of(buffer), byte, buffer.bytes());
}

void OpenClStream::fill(const cl::Buffer& memory, std::uint8_t byte, std::size_t bytes) {
  with_context("fill", [&] { queue_.enqueueFillBuffer(memory, byte, 0, bytes); });
}

void OpenClStream::sync() {
  with_context("waiting for the device", [&] { queue_.finish(); });
}

void OpenClStream::launch(const cl::Kernel& kernel, const cl::NDRange& global,
                          const cl::NDRange& local) {
  queue_.enqueueNDRangeKernel(kernel, cl::NullRange, global, local, nullptr, event());
}

cl::Event* OpenClStream::event() { return profiling_ ? &events_.emplace_back() : nullptr; }

std::optional<double> OpenClStream::device_seconds() {
  sync();
  if (events_.empty()) return std::nullopt;
  return with_context("reading the device's clock", [&] {
    cl_ulong start = std::numeric_limits<cl_ulong>::max(), end = 0;
    for (const auto& event : events_) {
      start = std::min(start, event.getProfilingInfo<CL_PROFILING_COMMAND_START>());
      end = std::max(end, event.getProfilingInfo<CL_PROFILING_COMMAND_END>());
    }
    events_.clear();
    return std::optional(static_cast<double>(end - start) * 1e-9);
  });
}

OpenClArena::OpenClArena(OpenClEngine& engine) : engine_(engine), meter_(engine.meter()) {}

OpenClArena::~OpenClArena() {
  for (const auto& slot : slots_) meter_->remove(slot->bytes);
}

std::shared_ptr<const OpenClArena::Slot> OpenClArena::slot(std::size_t number, std::size_t bytes) {
  while (slots_.size() <= number) slots_.push_back(std::make_shared<Slot>());
  Slot& slot = *slots_[number];
  if (slot.bytes < bytes) {
    meter_->remove(slot.bytes);
    slot = {};
    slot = {engine_.memory(bytes), bytes};
    meter_->add(bytes);
  }
  return slots_[number];
}

void OpenClArena::fill(Stream& stream, std::uint8_t byte) {
  for (const auto& slot : slots_)
    if (slot->bytes) static_cast<OpenClStream&>(stream).fill(slot->memory, byte, slot->bytes);
}

namespace {

/// Below that a staged transfer's chunk is too short to pay for its waits.
std::size_t least_staged(const cl::Device& device) {
  const bool discrete_gpu = (device.getInfo<CL_DEVICE_TYPE>() & CL_DEVICE_TYPE_GPU) &&
                            !device.getInfo<CL_DEVICE_HOST_UNIFIED_MEMORY>();
  return discrete_gpu ? std::size_t{2} << 20 : std::numeric_limits<std::size_t>::max();
}

}  // namespace

OpenClEngine::OpenClEngine(Device device, cl::Device cl_device)
    : cl_device_(std::move(cl_device)),
      context_(cl_device_),
      meter_(std::make_shared<MemoryMeter>()),
      staged_from_(least_staged(cl_device_)) {
  device_ = std::move(device);
}

cl::Buffer OpenClEngine::memory(std::size_t bytes) {
  const auto refuse = [&](std::size_t limit, const std::string& what) {
    return TooLarge("needs " + human_bytes(static_cast<double>(bytes)) + " (" +
                    std::to_string(bytes) + " bytes) in one piece; " + what + " of " +
                    device_.name + " is " + human_bytes(static_cast<double>(limit)) + " (" +
                    std::to_string(limit) + " bytes)");
  };
  if (bytes > device_.largest_allocation)
    throw refuse(device_.largest_allocation, "the largest allocation");
  if (bytes + bytes_in_use() > device_.memory)
    throw refuse(device_.memory - std::min(device_.memory, bytes_in_use()), "the memory left");
  ++counters_.allocations;
  return with_context(
      "allocating " + human_bytes(static_cast<double>(bytes)) + " on " + device_.name, [&] {
        cl::Buffer memory(context_, CL_MEM_READ_WRITE, bytes);
        cl::CommandQueue queue(context_, cl_device_);
        queue.enqueueFillBuffer(memory, cl_uchar{0}, 0, bytes);
        queue.finish();
        return memory;
      });
}

std::shared_ptr<Buffer> OpenClEngine::allocate(Shape shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.voxels()) * bytes_of(dtype);
  auto buffer = std::make_shared<OpenClBuffer>(memory(bytes), shape, dtype, meter_);
  if (stages(bytes)) with_context("pinning memory for transfers", [&] { staging(); });
  return buffer;
}

Image OpenClEngine::transfer_image(Shape shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.voxels()) * bytes_of(dtype);
  if (stages(bytes)) try {
      const auto memory = pinned_memory(context_, cl_device_, bytes);
      return {shape, dtype, std::shared_ptr<std::byte>(memory, memory->data())};
    } catch (const cl::Error&) {
      // What a driver page-locks has its limits; other memory serves, if slower.
    }
  return {shape, dtype};
}

std::shared_ptr<HostMemory> OpenClEngine::host_memory(std::size_t bytes, bool pinned) {
  return pinned ? pinned_memory(context_, cl_device_, bytes) : pageable_memory(bytes);
}

Staging& OpenClEngine::staging() {
  if (!staging_) staging_ = std::make_unique<Staging>(context_, cl_device_);
  return *staging_;
}

std::unique_ptr<Stream> OpenClEngine::stream(bool profiling) {
  return with_context("opening a queue on " + device_.name, [&] {
    cl::CommandQueue queue(context_, cl_device_, profiling ? CL_QUEUE_PROFILING_ENABLE : 0);
    return std::make_unique<OpenClStream>(*this, std::move(queue), profiling, counters_);
  });
}

cl::NDRange OpenClEngine::fitting(std::array<std::size_t, 3> local) const {
  const auto most = cl_device_.getInfo<CL_DEVICE_MAX_WORK_GROUP_SIZE>();
  const auto most_per_axis = cl_device_.getInfo<CL_DEVICE_MAX_WORK_ITEM_SIZES>();
  for (int axis = 0; axis < 3; ++axis)
    while (local[axis] > most_per_axis[axis]) local[axis] /= 2;
  while (local[0] * local[1] * local[2] > most) *std::max_element(local.begin(), local.end()) /= 2;
  return {local[0], local[1], local[2]};
}

cl::Program OpenClEngine::program(const std::string& family, const std::string& options,
                                  const std::string& before) {
  auto& program = programs_[family + " " + options + "\n" + before];
  if (program()) return program;
  std::string source = before;
  for (const char* name : {"common", family.c_str()}) {
    const auto& sources = kernel_sources();
    const auto found =
        std::find_if(sources.begin(), sources.end(), [&](const auto& s) { return s.name == name; });
    if (found == sources.end()) throw std::logic_error("no kernel file for " + family);
    source += found->text;
  }
  ++counters_.compilations;
  return program = build(source, options);
}

cl::Program OpenClEngine::build(const std::string& source, const std::string& options) {
  const std::string key = device_.name + "\n" + device_.driver + "\n" + device_.platform + "\n" +
                          options + "\n" + source;
  const std::string quiet =
      options + " -w";  // some compilers print warnings to the program's standard error
  if (const auto binary = load_program(key)) try {
      cl::Program program(context_, {cl_device_}, {*binary});
      program.build({cl_device_}, quiet.c_str());
      return program;
    } catch (const cl::Error&) {
      // A driver may refuse what it once wrote; the source always serves.
    }
  cl::Program program(context_, source);
  try {
    program.build({cl_device_}, quiet.c_str());
  } catch (const cl::Error& error) {
    throw std::runtime_error(std::string("building a kernel for ") + device_.name + " gave " +
                             error_name(error.err()) + "; its log:\n" +
                             program.getBuildInfo<CL_PROGRAM_BUILD_LOG>(cl_device_));
  }
  store_program(key, program.getInfo<CL_PROGRAM_BINARIES>().front());
  return program;
}

Probe OpenClEngine::arithmetic_probe() {
  return with_context("measuring the arithmetic rate of " + device_.name, [&] {
    constexpr cl_int steps = 4096;
    const std::size_t items = std::size_t{2048} * std::max(1u, device_.compute_units);
    cl::Kernel kernel(program("arithmetic", ""), "multiply_adds");
    const cl::Buffer sums = memory(items * sizeof(cl_float));
    kernel.setArg(0, sums);
    kernel.setArg(1, steps);
    const auto queue = stream(true);
    Probe best{std::numeric_limits<double>::max(), 8.0 * steps * static_cast<double>(items)};
    for (int repeat = 0; repeat < 6; ++repeat) {
      static_cast<OpenClStream&>(*queue).launch(kernel, cl::NDRange(items, 1, 1),
                                                fitting({256, 1, 1}));
      best.seconds = std::min(best.seconds, *queue->device_seconds());
    }
    return best;
  });
}

std::optional<PinnedTransfer> OpenClEngine::pinned_transfer(std::size_t bytes) {
  return with_context("measuring pinned transfers of " + device_.name, [&] {
    const cl::Buffer device = memory(bytes);
    const auto host = host_memory(bytes, true);
    cl::CommandQueue queue(context_, cl_device_);
    const auto best = [&](auto move) {
      double seconds = std::numeric_limits<double>::max();
      for (int repeat = 0; repeat < 4; ++repeat) {
        const auto start = std::chrono::steady_clock::now();
        move();
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        seconds = std::min(seconds, elapsed.count());
      }
      return seconds;
    };
    const PinnedTransfer transfer{
        best([&] { queue.enqueueWriteBuffer(device, CL_TRUE, 0, bytes, host->data()); }),
        best([&] { queue.enqueueReadBuffer(device, CL_TRUE, 0, bytes, host->data()); })};
    return std::optional(transfer);
  });
}

}  // namespace voxelmark::opencl
