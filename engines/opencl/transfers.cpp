#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

std::shared_ptr<HostMemory> host_memory(PlanBuilder& plan) {
  const auto bytes = static_cast<std::size_t>(plan.shape().voxels()) * bytes_of(plan.dtype());
  return plan.engine().host_memory(bytes, plan.parameters().choice("memory") == "pinned");
}

bool staged(const PlanBuilder& plan) { return plan.parameters().choice("memory") == "staged"; }

}  // namespace

Prepared copy(PlanBuilder& plan) {
  plan.step([from = plan.input_buffer(), to = plan.output_buffer()](OpenClStream& stream) {
    stream.copy(*from, *to);
  });
  return plan.finish();
}

Prepared push(PlanBuilder& plan) {
  const auto from = host_memory(plan);
  const auto stream = plan.engine().stream(false);
  static_cast<OpenClStream&>(*stream).read(*plan.input_buffer(), *from);
  stream->sync();
  plan.step([from, to = plan.output_buffer(),
             write = staged(plan) ? &OpenClStream::write_staged : &OpenClStream::write](
                OpenClStream& s) { (s.*write)(*from, *to); });
  return plan.finish();
}

Prepared pull(PlanBuilder& plan) {
  const auto result = host_memory(plan);
  plan.output_buffer()->move_to_host(result);
  plan.step([result, from = plan.input_buffer(),
             read = staged(plan) ? &OpenClStream::read_staged : &OpenClStream::read](
                OpenClStream& s) { (s.*read)(*from, *result); });
  return plan.finish();
}

}  // namespace voxelmark::opencl
