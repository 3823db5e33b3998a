#include "engines/opencv/opencv_umat_engine.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <opencv2/core/ocl.hpp>
#include <opencv2/core/utils/logger.hpp>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark {

namespace opencv_operations {
namespace {

cv::Mat matrix_over(const Image& image) {
  const Shape& shape = image.shape();
  return {static_cast<int>(shape.y * shape.z), static_cast<int>(shape.x), mat_type(image.dtype()),
          const_cast<std::byte*>(image.data())};  // read only, or the caller's own to write
}

const cv::UMat& matrix_of(const Buffer& buffer) {
  return static_cast<const UMatBuffer&>(buffer).matrix();
}

/// Counts how often pixels are asked for on the host, and passes everything on.
class HostAccess final : public cv::MatAllocator {
 public:
  explicit HostAccess(const std::vector<cv::UMat>& watched) : watched_(watched) {
    for (auto& matrix : watched_) matrix.u->currAllocator = this;
  }
  ~HostAccess() override {
    for (auto& matrix : watched_) matrix.u->currAllocator = real_;
  }
  int count() const { return count_; }

  cv::UMatData* allocate(int dims, const int* sizes, int type, void* data, std::size_t* step,
                         cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
    return real_->allocate(dims, sizes, type, data, step, flags, usage);
  }
  bool allocate(cv::UMatData* data, cv::AccessFlag flags, cv::UMatUsageFlags usage) const override {
    return real_->allocate(data, flags, usage);
  }
  void deallocate(cv::UMatData* data) const override { real_->deallocate(data); }
  void map(cv::UMatData* data, cv::AccessFlag flags) const override {
    ++count_;
    real_->map(data, flags);
  }
  void unmap(cv::UMatData* data) const override { real_->unmap(data); }
  void download(cv::UMatData* data, void* to, int dims, const std::size_t sizes[],
                const std::size_t offsets[], const std::size_t from_step[],
                const std::size_t to_step[]) const override {
    ++count_;
    real_->download(data, to, dims, sizes, offsets, from_step, to_step);
  }
  void upload(cv::UMatData* data, const void* from, int dims, const std::size_t sizes[],
              const std::size_t offsets[], const std::size_t to_step[],
              const std::size_t from_step[]) const override {
    real_->upload(data, from, dims, sizes, offsets, to_step, from_step);
  }
  void copy(cv::UMatData* from, cv::UMatData* to, int dims, const std::size_t sizes[],
            const std::size_t from_offsets[], const std::size_t from_step[],
            const std::size_t to_offsets[], const std::size_t to_step[], bool sync) const override {
    real_->copy(from, to, dims, sizes, from_offsets, from_step, to_offsets, to_step, sync);
  }

 private:
  cv::MatAllocator* real_ = cv::ocl::getOpenCLAllocator();
  std::vector<cv::UMat> watched_;
  mutable int count_ = 0;
};

class UMatStream final : public Stream {
 public:
  UMatStream(const cv::ocl::OpenCLExecutionContext& context, EngineCounters& counters)
      : context_(context), counters_(counters) {}

  void upload(const Image& image, Buffer& buffer) override {
    ++counters_.uploads;
    context_.bind();
    cv::UMat to = matrix_of(buffer);
    matrix_over(image).copyTo(to);
  }
  void download(const Buffer& buffer, Image& image) override {
    ++counters_.downloads;
    context_.bind();
    cv::Mat to = matrix_over(image);
    matrix_of(buffer).copyTo(to);
  }
  void copy(const Buffer& from, Buffer& to) override {
    context_.bind();
    cv::UMat target = matrix_of(to);
    matrix_of(from).copyTo(target);
  }
  void fill(Buffer& buffer, std::uint8_t byte) override {
    context_.bind();
    visit(buffer.dtype(), [&]<class T>(std::type_identity<T>) {
      T value;
      std::memset(&value, byte, sizeof value);
      cv::UMat target = matrix_of(buffer);
      if constexpr (std::is_same_v<T, std::uint32_t>)
        target.setTo(cv::Scalar(static_cast<std::int32_t>(value)));
      else
        target.setTo(cv::Scalar(static_cast<double>(value)));
    });
  }
  void sync() override {
    context_.bind();
    cv::ocl::finish();
  }

 private:
  const cv::ocl::OpenCLExecutionContext& context_;
  EngineCounters& counters_;
};

class UMatPlan final : public Plan {
 public:
  UMatPlan(const cv::ocl::OpenCLExecutionContext& context, const Request& request,
           std::function<void()> body)
      : context_(context),
        inputs_(request.inputs),
        output_(request.output),
        body_(std::move(body)) {}
  void enqueue(Stream&) override {
    context_.bind();
    body_();
  }

 private:
  const cv::ocl::OpenCLExecutionContext& context_;
  std::vector<std::shared_ptr<Buffer>> inputs_;
  std::shared_ptr<Buffer> output_;
  std::function<void()> body_;
};

constexpr const char* probe_source = R"(
kernel void multiply_adds(global float* output, const int steps) {
  float a = get_global_id(0), b = a + 1, c = a + 2, d = a + 3;
  for (int i = 0; i < steps; ++i) {
    a = fma(a, 0.999f, 1.0f);
    b = fma(b, 0.999f, 1.0f);
    c = fma(c, 0.999f, 1.0f);
    d = fma(d, 0.999f, 1.0f);
  }
  output[get_global_id(0)] = a + b + c + d;
})";

class UMatEngine final : public Engine {
 public:
  UMatEngine(Device device, cv::ocl::OpenCLExecutionContext context)
      : context_(std::move(context)), meter_(std::make_shared<MemoryMeter>()) {
    device_ = std::move(device);
  }

  std::shared_ptr<Buffer> allocate(Shape shape, DType dtype) override {
    if (const auto skip = too_large(shape)) throw TooLarge(skip->reason);
    const std::size_t bytes = static_cast<std::size_t>(shape.voxels()) * bytes_of(dtype);
    if (bytes > device_.largest_allocation)
      throw TooLarge("needs " + human_bytes(static_cast<double>(bytes)) + " (" +
                     std::to_string(bytes) + " bytes) in one piece; the largest allocation of " +
                     device_.name + " is " +
                     human_bytes(static_cast<double>(device_.largest_allocation)) + " (" +
                     std::to_string(device_.largest_allocation) + " bytes)");
    ++counters_.allocations;
    context_.bind();
    return std::make_shared<UMatBuffer>(shape, dtype, meter_);
  }
  std::unique_ptr<Stream> stream(bool) override {
    return std::make_unique<UMatStream>(context_, counters_);
  }
  std::unique_ptr<Arena> arena() override { return std::make_unique<UMatArena>(meter_); }

  Prepared prepare(const Request& request) override {
    const auto make = find<cv::UMat>(request.operation.family);
    if (!make) return Skip{"OpenCV has no " + request.operation.family};
    context_.bind();
    Work<cv::UMat> work(request);
    auto body = make(work);
    if (auto* skip = std::get_if<Skip>(&body)) return *skip;
    auto plan = std::make_unique<UMatPlan>(context_, request,
                                           std::get<std::function<void()>>(std::move(body)));
    std::vector<cv::UMat> watched{matrix_of(*request.output)};
    for (const auto& input : request.inputs) watched.push_back(matrix_of(*input));
    for (const auto& scratch : static_cast<UMatArena&>(request.arena).all())
      watched.push_back(scratch->matrix());
    const HostAccess access(watched);
    plan->enqueue(*stream(false));
    cv::ocl::finish();
    if (access.count() > 0)
      return Skip{"OpenCV silently takes the pixels of this operation back to the host"};
    return plan;
  }

  Probe arithmetic_probe() override {
    constexpr int steps = 4096;
    const std::size_t items = std::size_t{2048} * std::max(1u, device_.compute_units);
    context_.bind();
    cv::UMat sums(1, static_cast<int>(items), CV_32FC1);
    cv::ocl::Kernel kernel("multiply_adds", cv::ocl::ProgramSource(probe_source));
    Probe best{std::numeric_limits<double>::max(), 8.0 * steps * static_cast<double>(items)};
    for (int repeat = 0; repeat < 6; ++repeat) {
      kernel.args(cv::ocl::KernelArg::PtrWriteOnly(sums), steps);
      std::size_t global[1]{items};
      const auto start = std::chrono::steady_clock::now();
      if (!kernel.run(1, global, nullptr, true))
        throw std::runtime_error("OpenCV cannot run a kernel on " + device_.name);
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      best.seconds = std::min(best.seconds, elapsed.count());
    }
    return best;
  }

  std::size_t bytes_in_use() const override { return meter_->in_use(); }
  std::size_t reset_peak() override { return meter_->reset_peak(); }
  std::size_t peak_bytes() const override { return meter_->peak(); }

 private:
  cv::ocl::OpenCLExecutionContext context_;
  std::shared_ptr<MemoryMeter> meter_;
};

std::string type_of(const cv::ocl::Device& device) {
  if (device.type() & cv::ocl::Device::TYPE_GPU) return "GPU";
  return device.type() & cv::ocl::Device::TYPE_CPU ? "CPU" : "accelerator";
}

Device describe(const cv::ocl::PlatformInfo& platform, const cv::ocl::Device& found) {
  Device device;
  device.engine = "opencv-umat";
  device.name = found.name();
  device.type = type_of(found);
  device.platform = platform.name() + " " + platform.version();
  device.driver = "OpenCV " + cv::getVersionString() + ", " + found.driverVersion();
  device.memory = found.globalMemSize();
  device.largest_allocation = found.maxMemAllocSize();
  device.local_memory = found.localMemSize();
  device.compute_units = static_cast<unsigned>(found.maxComputeUnits());
  return device;
}

std::variant<std::unique_ptr<Engine>, Skip> open(Device device, const std::string& configuration,
                                                 int threads) {
  if (device.is_cpu() && threads > 0 && threads != static_cast<int>(device.compute_units))
    return Skip{"OpenCV takes all " + std::to_string(device.compute_units) +
                " compute units of a device, not " + std::to_string(threads)};
  const auto context = cv::ocl::Context::create(configuration);
  if (context.ndevices() == 0) return Skip{"OpenCV does not accept " + device.name};
  return std::make_unique<UMatEngine>(
      std::move(device), cv::ocl::OpenCLExecutionContext::create(context, context.device(0)));
}

std::variant<std::vector<EngineEntry>, Skip> entries() {
  // Some drivers write the warnings about OpenCV's own kernels to the standard error.
  setenv("OPENCV_OPENCL_BUILD_EXTRA_OPTIONS", "-w", 0);
  // OpenCV warns that it does so.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  if (!cv::ocl::haveOpenCL()) return Skip{"OpenCV finds no OpenCL runtime"};
  std::vector<cv::ocl::PlatformInfo> platforms;
  cv::ocl::getPlatfomsInfo(platforms);
  std::vector<EngineEntry> found;
  for (const auto& platform : platforms) {
    std::map<std::string, int> of_type;
    for (int i = 0; i < platform.deviceNumber(); ++i) {
      cv::ocl::Device cv_device;
      platform.getDevice(cv_device, i);
      Device device = describe(platform, cv_device);
      device.id = "opencv-umat:" + identifier(device.name);
      const auto same = std::count_if(found.begin(), found.end(), [&](const auto& other) {
        return other.device.name == device.name;
      });
      if (same > 0) device.id += "#" + std::to_string(same);
      // OpenCV takes a device by its number among those of a type.
      const std::string type = device.is_cpu()        ? "CPU"
                               : device.type == "GPU" ? "GPU"
                                                      : "ACCELERATOR";
      const std::string configuration =
          platform.name() + ":" + type + ":" + std::to_string(of_type[type]++);
      found.push_back({device, [=](int threads) { return open(device, configuration, threads); }});
    }
  }
  if (found.empty()) return Skip{"OpenCV finds no OpenCL device"};
  return found;
}

}  // namespace
}  // namespace opencv_operations

EngineKind opencv_umat_engine() { return {"opencv-umat", opencv_operations::entries}; }

}  // namespace voxelmark
