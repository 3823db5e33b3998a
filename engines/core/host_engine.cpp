#include "engines/core/host_engine.hpp"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <string>

namespace voxelmark {

HostBuffer::HostBuffer(Shape shape, DType dtype, std::shared_ptr<MemoryMeter> meter)
    : Buffer(shape, dtype), meter_(std::move(meter)) {}

HostBuffer::~HostBuffer() {
  if (own_.data()) meter_->remove(bytes());
}

Image& HostBuffer::image() {
  if (!image_) {
    own_ = Image(shape(), dtype());
    meter_->add(bytes());
    image_ = &own_;
  }
  return *image_;
}

void HostBuffer::wrap(const Image& image) {
  if (image.shape() != shape() || image.dtype() != dtype())
    throw std::logic_error("upload of an image of another shape or type");
  if (own_.data()) meter_->remove(bytes());
  own_ = Image();
  image_ = const_cast<Image*>(&image);  // plans write to outputs only, never to a wrapped input
}

HostArena::~HostArena() {
  for (const auto& slot : slots_) meter_->remove(slot->image_.bytes());
}

std::shared_ptr<const HostArena::Slot> HostArena::slot(std::size_t number, std::size_t bytes) {
  while (slots_.size() <= number) slots_.push_back(std::make_shared<Slot>());
  Slot& slot = *slots_[number];
  if (slot.image_.bytes() < bytes) {
    meter_->remove(slot.image_.bytes());
    slot.image_ = Image();
    slot.image_ = Image({static_cast<std::int64_t>(bytes), 1, 1}, DType::u8);
    meter_->add(bytes);
  }
  return slots_[number];
}

void HostArena::fill(Stream&, std::uint8_t byte) {
  for (const auto& slot : slots_)
    if (slot->image_.data()) std::memset(slot->image_.data(), byte, slot->image_.bytes());
}

namespace {

class HostStream final : public Stream {
 public:
  HostStream(std::shared_ptr<tbb::task_arena> arena, EngineCounters& counters)
      : arena_(std::move(arena)), counters_(counters) {}

  void upload(const Image& image, Buffer& buffer) override {
    std::atomic_ref(counters_.uploads)++;
    static_cast<HostBuffer&>(buffer).wrap(image);
  }
  void download(const Buffer& buffer, Image& image) override {
    std::atomic_ref(counters_.downloads)++;
    if (image.shape() != buffer.shape() || image.dtype() != buffer.dtype())
      throw std::logic_error("download into an image of another shape or type");
    move(pixels(buffer), image.data(), buffer.bytes());
  }
  void copy(const Buffer& from, Buffer& to) override {
    move(pixels(from), pixels(to), from.bytes());
  }
  void fill(Buffer& buffer, std::uint8_t byte) override {
    std::memset(pixels(buffer), byte, buffer.bytes());
  }
  void sync() override {}

 private:
  static std::byte* pixels(const Buffer& buffer) {
    return static_cast<HostBuffer&>(const_cast<Buffer&>(buffer)).image().data();
  }
  void move(const std::byte* from, std::byte* to, std::size_t bytes) {
    arena_->execute([&] {
      tbb::parallel_for(
          tbb::blocked_range<std::size_t>(0, bytes, std::size_t{1} << 20),
          [&](const auto& r) { std::memcpy(to + r.begin(), from + r.begin(), r.size()); });
    });
  }

  std::shared_ptr<tbb::task_arena> arena_;
  EngineCounters& counters_;
};

class HostPlan final : public Plan {
 public:
  HostPlan(std::shared_ptr<tbb::task_arena> arena, const Request& request,
           std::function<void()> body)
      : arena_(std::move(arena)), buffers_(request.inputs), body_(std::move(body)) {
    buffers_.push_back(request.output);
  }
  void enqueue(Stream&) override {
    // Before threads of the body ask for them, two of which could allocate at once.
    for (const auto& buffer : buffers_) static_cast<HostBuffer&>(*buffer).image();
    arena_->execute(body_);
  }

 private:
  std::shared_ptr<tbb::task_arena> arena_;
  std::vector<std::shared_ptr<Buffer>> buffers_;
  std::function<void()> body_;
};

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "CPU";
}

std::size_t number_in(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::size_t value = 0;
    if (word == key && file >> value) return value;
  }
  return 0;
}

std::size_t cgroup_available() {
  std::ifstream limit_file("/sys/fs/cgroup/memory.max"), used_file("/sys/fs/cgroup/memory.current");
  std::size_t limit = 0, used = 0;
  if (!(limit_file >> limit) || !(used_file >> used))
    return std::numeric_limits<std::size_t>::max();
  return limit > used ? limit - used : 0;
}

}  // namespace

HostEngine::HostEngine(Device device, int threads)
    : threads_(threads > 0 ? threads : host_threads()),
      arena_(std::make_shared<tbb::task_arena>(threads_)),
      meter_(std::make_shared<MemoryMeter>()) {
  device_ = std::move(device);
  device_.compute_units = static_cast<unsigned>(threads_);
}

std::shared_ptr<Buffer> HostEngine::allocate(Shape shape, DType dtype) {
  ++counters_.allocations;
  return std::make_shared<HostBuffer>(shape, dtype, meter_);
}

std::unique_ptr<Stream> HostEngine::stream(bool) {
  return std::make_unique<HostStream>(arena_, counters_);
}

std::unique_ptr<Arena> HostEngine::arena() { return std::make_unique<HostArena>(meter_); }

Probe HostEngine::arithmetic_probe() {
  constexpr int lanes = 64, steps = 100'000;
  Probe best{std::numeric_limits<double>::max(), 2.0 * lanes * steps * threads_};
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    execute([&] {
      tbb::parallel_for(
          0, threads_, 1,
          [](int) {
            std::array<float, lanes> values{};
            for (int step = 0; step < steps; ++step)
              for (float& value : values) value = std::fma(value, 0.999f, 1.0f);
            volatile float sink = std::accumulate(values.begin(), values.end(), 0.0f);
            (void)sink;
          },
          tbb::static_partitioner());
    });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best.seconds = std::min(best.seconds, elapsed.count());
  }
  return best;
}

std::unique_ptr<Plan> HostEngine::plan(const Request& request, std::function<void()> body) {
  auto plan = std::make_unique<HostPlan>(arena_, request, std::move(body));
  const auto unused = stream(false);
  plan->enqueue(*unused);
  return plan;
}

Device host_device(const std::string& engine, const std::string& driver) {
  Device device;
  device.engine = engine;
  device.id = engine;
  device.name = cpu_name();
  device.type = "CPU";
  device.driver = driver;
  device.memory = number_in("/proc/meminfo", "MemTotal:") * 1024;
  device.largest_allocation = device.memory;
  device.last_level_cache = host_last_level_cache();
  device.compute_units = static_cast<unsigned>(host_threads());
  device.host_memory = true;
  return device;
}

int host_threads() { return tbb::info::default_concurrency(); }

std::size_t host_last_level_cache() {
  // Processors of several dies have a last level each, which lists the CPUs that share it.
  std::map<std::string, std::size_t> kilobytes_by_sharers;
  for (int cpu = 0; cpu < static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)); ++cpu) {
    const std::string caches = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index";
    int last = 0;
    while (std::ifstream(caches + std::to_string(last + 1) + "/size")) ++last;
    std::ifstream size(caches + std::to_string(last) + "/size"),
        sharers(caches + std::to_string(last) + "/shared_cpu_list");
    std::size_t kilobytes = 0;  // written as "32768K"
    std::string list;
    if (size >> kilobytes && sharers >> list) kilobytes_by_sharers[list] = kilobytes;
  }
  std::size_t sum = 0;
  for (const auto& [list, kilobytes] : kilobytes_by_sharers) sum += kilobytes * 1024;
  return sum > 0 ? sum : static_cast<std::size_t>(std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 0L));
}

std::size_t host_memory_available() {
  return std::min(number_in("/proc/meminfo", "MemAvailable:") * 1024, cgroup_available());
}

}  // namespace voxelmark
