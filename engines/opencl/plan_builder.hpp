#pragma once
#include "engines/opencl/opencl_runtime.hpp"

namespace voxelmark::opencl {

using Scratch = std::shared_ptr<const OpenClArena::Slot>;

/// What a launch reads or writes: an input, the output, scratch, or data of the plan's own.
using Memory = std::variant<std::shared_ptr<Buffer>, Scratch, cl::Buffer>;

/// How many pieces of `size` cover `extent`.
constexpr std::int64_t pieces(std::int64_t extent, std::int64_t size) {
  return (extent + size - 1) / size;
}

/// "gaussian_blur" for "GaussianBlur": the family's file in kernels/.
std::string kernel_file(const std::string& family);

/// Puts a plan together, launch by launch, from one family's kernels.
class PlanBuilder : public RequestView {
 public:
  PlanBuilder(OpenClEngine& engine, const Request& request);

  int dims() const { return request_.operation.dims; }
  Memory input(std::size_t i = 0) const { return request_.inputs[i]; }
  Memory output() const { return request_.output; }
  const Device& device() const { return engine_.device(); }
  /// Throws NotMeasurable where the device has no double precision.
  void require_doubles() const;
  OpenClEngine& engine() { return engine_; }
  std::shared_ptr<OpenClBuffer> input_buffer(std::size_t i = 0) const {
    return std::static_pointer_cast<OpenClBuffer>(request_.inputs[i]);
  }
  std::shared_ptr<OpenClBuffer> output_buffer() const {
    return std::static_pointer_cast<OpenClBuffer>(request_.output);
  }

  /// Scratch of `bytes`: the n-th call takes the arena's slot n.
  Scratch scratch(std::size_t bytes);

  /// Read-only data that belong to the plan, such as weights.
  template <class T>
  cl::Buffer constant(const std::vector<T>& values) {
    return constant(values.data(), values.size() * sizeof(T));
  }

  /// `words` 32-bit numbers that belong to the plan and are 0 before its first run: what one run
  /// leaves in them, the next one finds.
  cl::Buffer state(std::size_t words);

  /// The work-items of a launch: one for each element, in groups of a usual size.
  struct Range {
    cl::NDRange global, local;
    /// groups.x by groups.y by groups.z groups of lanes by rows by 1.
    static Range of_groups(const Shape& groups, std::int64_t lanes, std::int64_t rows);
  };
  Range line(std::int64_t items) const { return range({items, 1, 1}, {256, 1, 1}); }
  Range volume(const Shape& items) const { return range(items, {64, 4, 1}); }
  /// The same in groups of `local`, or smaller ones where the device takes no such.
  Range range(const Shape& items, std::array<std::size_t, 3> local) const;
  /// How many of `depth` planes each group takes of those that go from plane to plane, so that
  /// groups for `across` in each plane keep the device busy.
  std::int64_t planes_each(const Shape& across, std::int64_t depth) const {
    const std::int64_t busy = 10 * std::max<std::int64_t>(1, device().compute_units);
    return pieces(depth, std::min(depth, pieces(busy, across.x * across.y)));
  }
  /// 8 rows of `lanes` work-items each, or fewer where the device takes no such group.
  std::int64_t group_rows(std::int64_t lanes) const;
  /// `groups` groups of `size` work-items, for kernels that share local memory; a device that takes
  /// fewer makes them smaller, so ask get_local_size.
  Range groups(std::int64_t groups, std::size_t size) const;

  /// What a kernel's program depends on besides the family.
  struct Types {
    DType in, out;
    std::string options{};
    std::string source{};  ///< generated text that stands before the kernels
  };

  /// Adds a launch of "kernel" from the family's file, or of "file:kernel". Arguments: Memory or
  /// what it may hold, cl_long, cl_int, cl_uint, cl_float or cl::LocalSpaceArg.
  template <class... Arguments>
  void launch(const char* kernel, const Types& types, const Range& items,
              const Arguments&... arguments) {
    Launch& added = add(kernel, types, items);
    cl_uint index = 0;
    (set(added, index++, arguments), ...);
  }

  /// Adds work of another sort than a kernel, such as a transfer.
  using Step = std::function<void(OpenClStream&)>;
  void step(Step step) { launches_.push_back({.step = std::move(step)}); }

  /// The plan, launched once by now: runtimes compile for a group size at its first use.
  Prepared finish();

 private:
  struct Launch {
    cl::Kernel kernel{};
    Range range{};
    std::vector<std::pair<cl_uint, Scratch>> scratch{};
    Step step{};  ///< in place of the kernel
  };
  class LaunchPlan;

  cl::Buffer constant(const void* data, std::size_t bytes);
  cl::Buffer owned(cl_mem_flags access, const void* data, std::size_t bytes);
  Launch& add(const char* kernel, const Types& types, const Range& items);

  static void set(Launch& launch, cl_uint index, const std::shared_ptr<Buffer>& buffer) {
    launch.kernel.setArg(index, static_cast<const OpenClBuffer&>(*buffer).memory());
  }
  static void set(Launch& launch, cl_uint index, const Scratch& slot) {
    launch.scratch.emplace_back(index, slot);
  }
  static void set(Launch& launch, cl_uint index, const Memory& memory) {
    std::visit([&](const auto& held) { set(launch, index, held); }, memory);
  }
  template <class Value>
  static void set(Launch& launch, cl_uint index, const Value& value) {
    launch.kernel.setArg(index, value);
  }

  OpenClEngine& engine_;
  std::size_t slots_ = 0;
  std::vector<cl::Buffer> owned_;
  std::vector<Launch> launches_;
};

}  // namespace voxelmark::opencl
