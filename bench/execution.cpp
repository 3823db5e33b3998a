#include "bench/execution.hpp"

#include <chrono>

#include "bench/inputs.hpp"
#include "engines/core/host_engine.hpp"

namespace voxelmark {

void Execution::poison(std::uint8_t byte) {
  stream->fill(*output, byte);
  arena->fill(*stream, byte);
  stream->sync();
}

void Execution::run() {
  plan->enqueue(*stream);
  stream->sync();
}

void Execution::download(Image& result) {
  stream->download(*output, result);
  stream->sync();
}

Image* Execution::in_place() {
  auto* const pixels = dynamic_cast<HostBuffer*>(output.get());
  return pixels ? &pixels->image() : nullptr;
}

std::variant<Execution, Skip> make_execution(Engine& engine, const Operation& operation,
                                             const Parameters& parameters,
                                             const std::vector<const Image*>& images,
                                             std::int64_t largest_label) {
  Execution made;
  made.stream = engine.stream();
  made.arena = engine.arena();
  for (const Image* image : images) {
    made.inputs.push_back(engine.allocate(image->shape(), image->dtype()));
    made.stream->upload(*image, *made.inputs.back());
  }
  made.output =
      engine.allocate(operation.result_shape(parameters, images[0]->shape(), largest_label),
                      operation.result_dtype(parameters, images[0]->dtype()));
  made.stream->sync();
  const auto start = std::chrono::steady_clock::now();
  auto prepared =
      engine.prepare({operation, parameters, made.inputs, made.output, *made.arena, largest_label});
  made.prepare_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (auto* skip = std::get_if<Skip>(&prepared)) return std::move(*skip);
  made.plan = std::get<std::unique_ptr<Plan>>(std::move(prepared));
  return made;
}

std::variant<Image, Skip> run_on(Engine& engine, const Operation& operation,
                                 const Parameters& parameters,
                                 const std::vector<const Image*>& images) {
  auto made =
      make_execution(engine, operation, parameters, images, largest_label(operation, images));
  if (auto* skip = std::get_if<Skip>(&made)) return std::move(*skip);
  auto& execution = std::get<Execution>(made);
  Image result(execution.output->shape(), execution.output->dtype(), images[0]->spacing());
  execution.poison(0xff);
  execution.run();
  execution.download(result);
  return result;
}

}  // namespace voxelmark
