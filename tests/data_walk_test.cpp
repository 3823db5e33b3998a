// One image through a chain of operations on an OpenCL device touches the host twice: counted at
// the OpenCL interface, whose functions this program puts its own in front of.
#include <CL/opencl.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
#include "validate/image_agreement.hpp"

namespace {

/// What goes between host and device, and what else must not happen while the clock runs.
struct Calls {
  std::atomic<int> writes = 0, reads = 0, buffers = 0, builds = 0, waits = 0;
};
Calls calls;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// The arguments are OpenCL's; each function counts and hands on.
#define COUNTED(counter, result, name, parameters, arguments)    \
  extern "C" result CL_API_CALL name parameters {                \
    ++calls.counter;                                             \
    return next<result CL_API_CALL parameters>(#name) arguments; \
  }

COUNTED(writes, cl_int, clEnqueueWriteBuffer,
        (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t n, const void* p, cl_uint c,
         const cl_event* w, cl_event* e),
        (q, m, b, o, n, p, c, w, e))
COUNTED(reads, cl_int, clEnqueueReadBuffer,
        (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t n, void* p, cl_uint c,
         const cl_event* w, cl_event* e),
        (q, m, b, o, n, p, c, w, e))
COUNTED(reads, void*, clEnqueueMapBuffer,
        (cl_command_queue q, cl_mem m, cl_bool b, cl_map_flags f, size_t o, size_t n, cl_uint c,
         const cl_event* w, cl_event* e, cl_int* r),
        (q, m, b, f, o, n, c, w, e, r))
COUNTED(buffers, cl_mem, clCreateBuffer,
        (cl_context x, cl_mem_flags f, size_t n, void* p, cl_int* r), (x, f, n, p, r))
COUNTED(builds, cl_int, clBuildProgram,
        (cl_program p, cl_uint n, const cl_device_id* d, const char* o,
         void(CL_CALLBACK* f)(cl_program, void*), void* u),
        (p, n, d, o, f, u))
COUNTED(waits, cl_int, clFinish, (cl_command_queue q), (q))
COUNTED(waits, cl_int, clWaitForEvents, (cl_uint n, const cl_event* e), (n, e))

namespace voxelmark {
namespace {

class DataWalk : public testing::TestWithParam<EngineEntry> {
 protected:
  std::unique_ptr<Engine> engine_ = std::get<std::unique_ptr<Engine>>(GetParam().open(0));
  std::unique_ptr<Stream> stream_ = engine_->stream();
  std::unique_ptr<Arena> arena_ = engine_->arena();

  std::unique_ptr<Plan> plan(const std::string& name, const std::shared_ptr<Buffer>& from,
                             const std::shared_ptr<Buffer>& to) {
    const Operation& operation = find_operation(name);
    auto prepared =
        engine_->prepare({operation, Parameters(operation.parameters), {from}, to, *arena_});
    return std::get<std::unique_ptr<Plan>>(std::move(prepared));
  }
  static void reset() {
    for (auto* counter : {&calls.writes, &calls.reads, &calls.buffers, &calls.builds, &calls.waits})
      *counter = 0;
  }
};

Image computed(const std::string& name, const Image& input) {
  const Operation& operation = find_operation(name);
  const Parameters parameters(operation.parameters);
  Image output(input.shape(), operation.result_dtype(parameters, input.dtype()));
  reference::compute({operation, parameters, {&input}}, output);
  return output;
}

TEST_P(DataWalk, AChainOfThreeOperationsTouchesTheHostTwice) {
  const Image image = generate("nuclei", {64, 48, 12}, DType::u16, 1);
  const Shape& shape = image.shape();
  const auto grey = engine_->allocate(shape, DType::u16),
             blurred = engine_->allocate(shape, DType::u16),
             mask = engine_->allocate(shape, DType::u8),
             labels = engine_->allocate(shape, DType::u32);
  const auto blur = plan("GaussianBlur3D", grey, blurred),
             threshold = plan("AutoThreshold3D", blurred, mask),
             components = plan("ConnectedComponents3D", mask, labels);

  reset();
  stream_->upload(image, *grey);
  EXPECT_EQ(calls.writes, 1);
  for (const auto* step : {&blur, &threshold, &components}) (*step)->enqueue(*stream_);
  EXPECT_EQ(calls.writes, 1) << "a plan writes from the host";
  EXPECT_EQ(calls.reads, 0) << "a plan reads to the host";
  Image result(shape, DType::u32);
  stream_->download(*labels, result);
  stream_->sync();
  EXPECT_EQ(calls.reads, 1);
  EXPECT_EQ(calls.buffers, 0) << "a plan allocates";
  EXPECT_EQ(calls.builds, 0) << "a plan compiles";

  // Rounding may move a voxel in or out of the mask; that there are objects shows that all ran.
  const Image expected = computed("ConnectedComponents3D",
                                  computed("AutoThreshold3D", computed("GaussianBlur3D", image)));
  EXPECT_LE(image_agreement(expected, result).differing, 3);
  EXPECT_GT(range_of(result).maximum, 1);
}

// What the counters are worth: a plan that does read is found.
TEST_P(DataWalk, APlanThatReadsIsCounted) {
  const Image image = generate("noise", {64, 48, 1}, DType::u8, 1);
  const auto from = engine_->allocate(image.shape(), DType::u8),
             to = engine_->allocate(image.shape(), DType::u8);
  stream_->upload(image, *from);
  const auto pull = plan("Pull2D", from, to), push = plan("Push2D", from, to);
  reset();
  pull->enqueue(*stream_);
  EXPECT_GT(calls.reads, 0);
  push->enqueue(*stream_);
  EXPECT_GT(calls.writes, 0);
  stream_->sync();
  EXPECT_GT(calls.waits, 0);
}

INSTANTIATE_TEST_SUITE_P(Devices, DataWalk, testing::ValuesIn(find_devices({{"opencl"}})),
                         [](const auto& tested) {
                           return "device" + std::to_string(tested.index);
                         });

}  // namespace
}  // namespace voxelmark
