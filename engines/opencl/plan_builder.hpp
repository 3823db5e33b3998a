#pragma once
#include "engines/opencl/opencl_runtime.hpp"

namespace voxelmark::opencl {

using Scratch = std::shared_ptr<const OpenClArena::Slot>;

/// "gaussian_blur" for "GaussianBlur": the family's file in kernels/.
std::string kernel_file(const std::string& family);

/// Puts a plan together, launch by launch, from one family's kernels.
class PlanBuilder {
 public:
  PlanBuilder(OpenClEngine& engine, const Request& request);

  /// Scratch of `bytes`: the n-th call takes the arena's slot n.
  Scratch scratch(std::size_t bytes);

  /// Read-only data that belong to the plan, such as weights.
  template <class T>
  cl::Buffer constant(const std::vector<T>& values) {
    return constant(values.data(), values.size() * sizeof(T));
  }

  /// The work-items of a launch: one for each element, in groups of a usual size.
  struct Range {
    cl::NDRange global, local;
  };
  Range line(std::int64_t items) const { return range({items, 1, 1}, {256, 1, 1}); }
  Range volume(const Shape& items) const { return range(items, {64, 4, 1}); }

  /// What a kernel's program depends on besides the family.
  struct Types {
    DType in, out;
    std::string options{};
  };

  /// Adds a launch. Arguments: shared_ptr<Buffer>, Scratch, cl::Buffer, cl_long, cl_int or
  /// cl_float.
  template <class... Arguments>
  void launch(const char* kernel, const Types& types, const Range& items,
              const Arguments&... arguments) {
    Launch& added = add(kernel, types, items);
    cl_uint index = 0;
    (set(added, index++, arguments), ...);
  }

  /// The plan, launched once by now: runtimes compile for a group size at its first use.
  Prepared finish();

 private:
  struct Launch {
    cl::Kernel kernel;
    Range range;
    std::vector<std::pair<cl_uint, Scratch>> scratch;
  };
  class LaunchPlan;

  Range range(const Shape& items, std::array<std::size_t, 3> local) const;
  cl::Buffer constant(const void* data, std::size_t bytes);
  Launch& add(const char* kernel, const Types& types, const Range& items);

  static void set(Launch& launch, cl_uint index, const std::shared_ptr<Buffer>& buffer) {
    launch.kernel.setArg(index, static_cast<const OpenClBuffer&>(*buffer).memory());
  }
  static void set(Launch& launch, cl_uint index, const Scratch& slot) {
    launch.scratch.emplace_back(index, slot);
  }
  template <class Value>
  static void set(Launch& launch, cl_uint index, const Value& value) {
    launch.kernel.setArg(index, value);
  }

  OpenClEngine& engine_;
  const Request& request_;
  std::size_t slots_ = 0;
  std::vector<cl::Buffer> constants_;
  std::vector<Launch> launches_;
};

/// One function per family.
using Make = Prepared (*)(OpenClEngine& engine, const Request& request);

Prepared add_scalar(OpenClEngine&, const Request&);
Prepared fixed_threshold(OpenClEngine&, const Request&);
Prepared flip(OpenClEngine&, const Request&);
Prepared gaussian_blur(OpenClEngine&, const Request&);
Prepared maximum_z_projection(OpenClEngine&, const Request&);
Prepared median(OpenClEngine&, const Request&);

}  // namespace voxelmark::opencl
