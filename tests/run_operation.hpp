#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/inputs.hpp"
#include "engines/core/engine.hpp"

namespace voxelmark {

/// Parameters as a user writes them.
using Given = std::vector<std::pair<std::string, std::string>>;

/// The defaults with what is given; names that the operation does not have are left out.
inline Parameters with_parameters(const Operation& operation, const Given& given) {
  Parameters parameters(operation.parameters);
  for (const auto& [name, text] : given)
    for (const auto& spec : operation.parameters)
      if (spec.name == name) parameters.set(name, parse_parameter(spec, operation.dims, text));
  return parameters;
}

/// The engine, opened once a process and without measuring its limits; null where it cannot be
/// opened. Never destroyed: when the process ends, a runtime may be gone before its engine.
inline Engine* opened(const EngineEntry& entry) {
  static auto& engines = *new std::map<std::string, std::unique_ptr<Engine>>;
  auto& engine = engines[entry.device.id];
  if (!engine) {
    auto outcome = entry.open(0);
    if (auto* found = std::get_if<std::unique_ptr<Engine>>(&outcome)) engine = std::move(*found);
  }
  return engine.get();
}

/// The images in buffers of the engine.
inline std::vector<std::shared_ptr<Buffer>> uploaded(Engine& engine, Stream& stream,
                                                     const std::vector<const Image*>& images) {
  std::vector<std::shared_ptr<Buffer>> buffers;
  for (const Image* image : images) {
    buffers.push_back(engine.allocate(image->shape(), image->dtype()));
    stream.upload(*image, *buffers.back());
  }
  return buffers;
}

/// What an engine makes of images, with output and scratch poisoned before; or why it declines.
inline std::variant<Image, Skip> run_on(Engine& engine, const Operation& operation,
                                        const Parameters& parameters,
                                        const std::vector<const Image*>& images) {
  const auto stream = engine.stream();
  const auto arena = engine.arena();
  const std::int64_t labels = largest_label(operation, images);
  Image result(operation.result_shape(parameters, images[0]->shape(), labels),
               operation.result_dtype(parameters, images[0]->dtype()));
  const auto output = engine.allocate(result.shape(), result.dtype());
  auto prepared = engine.prepare(
      {operation, parameters, uploaded(engine, *stream, images), output, *arena, labels});
  if (const auto* skip = std::get_if<Skip>(&prepared)) return *skip;
  stream->fill(*output, 0xff);
  arena->fill(*stream, 0xff);
  std::get<std::unique_ptr<Plan>>(prepared)->enqueue(*stream);
  stream->sync();
  stream->download(*output, result);
  return result;
}

}  // namespace voxelmark
