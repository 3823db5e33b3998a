#include "engines/opencl/plan_builder.hpp"

#include <cctype>

#include "engines/core/error.hpp"

namespace voxelmark::opencl {

class PlanBuilder::LaunchPlan final : public Plan {
 public:
  LaunchPlan(const Request& request, std::vector<Launch> launches, std::vector<cl::Buffer> owned)
      : context_(request.operation.name + " on " +
                 to_string(request.inputs[0]->shape(), request.operation.dims) + " " +
                 to_string(request.inputs[0]->dtype())),
        inputs_(request.inputs),
        output_(request.output),
        launches_(std::move(launches)),
        owned_(std::move(owned)) {}

  void enqueue(Stream& stream) override {
    with_context(context_, [&] {
      for (auto& launch : launches_) {
        if (launch.step) {
          launch.step(static_cast<OpenClStream&>(stream));
          continue;
        }
        for (const auto& [index, slot] : launch.scratch) launch.kernel.setArg(index, slot->memory);
        static_cast<OpenClStream&>(stream).launch(launch.kernel, launch.range.global,
                                                  launch.range.local);
      }
    });
  }

 private:
  std::string context_;
  std::vector<std::shared_ptr<Buffer>> inputs_;
  std::shared_ptr<Buffer> output_;
  std::vector<Launch> launches_;
  std::vector<cl::Buffer> owned_;
};

std::string kernel_file(const std::string& family) {
  std::string file;
  for (const char c : family) {
    if (std::isupper(static_cast<unsigned char>(c)) && !file.empty()) file += '_';
    file += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return file;
}

PlanBuilder::PlanBuilder(OpenClEngine& engine, const Request& request)
    : RequestView(request), engine_(engine) {}

void PlanBuilder::require_doubles() const {
  const auto devices = engine_.context().getInfo<CL_CONTEXT_DEVICES>();
  if (devices.at(0).getInfo<CL_DEVICE_EXTENSIONS>().find("cl_khr_fp64") == std::string::npos)
    throw NotMeasurable(request_.operation.name + " needs double precision, which " +
                        device().name + " does not have (cl_khr_fp64)");
}

Scratch PlanBuilder::scratch(std::size_t bytes) {
  return static_cast<OpenClArena&>(request_.arena).slot(slots_++, bytes);
}

cl::Buffer PlanBuilder::constant(const void* data, std::size_t bytes) {
  return owned(CL_MEM_READ_ONLY, data, bytes);
}

cl::Buffer PlanBuilder::state(std::size_t words) {
  const std::vector<cl_uint> zeros(words);
  return owned(CL_MEM_READ_WRITE, zeros.data(), words * sizeof(cl_uint));
}

cl::Buffer PlanBuilder::owned(cl_mem_flags access, const void* data, std::size_t bytes) {
  cl::Buffer memory(engine_.context(), access | CL_MEM_COPY_HOST_PTR, bytes,
                    const_cast<void*>(data));
  owned_.push_back(memory);
  return memory;
}

PlanBuilder::Range PlanBuilder::Range::of_groups(const Shape& groups, std::int64_t lanes,
                                                 std::int64_t rows) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  return {cl::NDRange(size(groups.x * lanes), size(groups.y * rows), size(groups.z)),
          cl::NDRange(size(lanes), size(rows), 1)};
}

std::int64_t PlanBuilder::group_rows(std::int64_t lanes) const {
  std::size_t rows = 8;
  while (engine_.fitting({static_cast<std::size_t>(lanes), rows, 1}).get()[1] != rows) rows /= 2;
  return static_cast<std::int64_t>(rows);
}

PlanBuilder::Range PlanBuilder::range(const Shape& items, std::array<std::size_t, 3> local) const {
  const cl::NDRange fitting = engine_.fitting(local);
  const auto rounded = [&](std::int64_t count, int axis) {
    const std::size_t group = fitting.get()[axis];
    return (static_cast<std::size_t>(count) + group - 1) / group * group;
  };
  return {cl::NDRange(rounded(items.x, 0), rounded(items.y, 1), rounded(items.z, 2)), fitting};
}

PlanBuilder::Range PlanBuilder::groups(std::int64_t groups, std::size_t size) const {
  const cl::NDRange local = engine_.fitting({size, 1, 1});
  return {cl::NDRange(static_cast<std::size_t>(groups) * local.get()[0], 1, 1), local};
}

PlanBuilder::Launch& PlanBuilder::add(const char* kernel, const Types& types, const Range& items) {
  const auto name = [](DType type) {
    return visit(type, []<class T>(std::type_identity<T>) -> std::string {
      if constexpr (sizeof(T) == 1)
        return "uchar";
      else if constexpr (sizeof(T) == 2)
        return "ushort";
      else if constexpr (sizeof(T) == 4)
        return std::is_integral_v<T> ? "uint" : "float";
      else
        return "double";
    });
  };
  const bool integer = types.out != DType::f32 && types.out != DType::f64;
  const std::string out = name(types.out), rounding = integer ? "_sat_rte" : "";
  std::string options = "-D IN=" + name(types.in) + " -D OUT=" + out + " -D TO_OUT=convert_" + out +
                        rounding + " -D TO_OUT4=convert_" + out + "4" + rounding;
  if (types.in == DType::f32) options += " -D IN_IS_FLOAT";
  // A volatile load is an atomic one on devices, but not for a checker of data races.
  if (device().name.find("Oclgrind") != std::string::npos) options += " -D READ_ATOMICALLY";
  if (!types.options.empty()) options += " " + types.options;
  std::string file = kernel_file(request_.operation.family), name_in_file = kernel;
  if (const auto colon = name_in_file.find(':'); colon != std::string::npos) {
    file = name_in_file.substr(0, colon);
    name_in_file.erase(0, colon + 1);
  }
  const cl::Program program = engine_.program(file, options, types.source);
  return launches_.emplace_back(Launch{cl::Kernel(program, name_in_file.c_str()), items});
}

Prepared PlanBuilder::finish() {
  auto plan = std::make_unique<LaunchPlan>(request_, std::move(launches_), std::move(owned_));
  const auto stream = engine_.stream(false);
  plan->enqueue(*stream);
  stream->sync();
  return plan;
}

}  // namespace voxelmark::opencl
