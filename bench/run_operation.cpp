#include "bench/run_operation.hpp"

#include "bench/inputs.hpp"

namespace voxelmark {

std::vector<std::shared_ptr<Buffer>> uploaded(Engine& engine, Stream& stream,
                                              const std::vector<const Image*>& images) {
  std::vector<std::shared_ptr<Buffer>> buffers;
  for (const Image* image : images) {
    buffers.push_back(engine.allocate(image->shape(), image->dtype()));
    stream.upload(*image, *buffers.back());
  }
  return buffers;
}

std::variant<Image, Skip> run_on(Engine& engine, const Operation& operation,
                                 const Parameters& parameters,
                                 const std::vector<const Image*>& images) {
  const auto stream = engine.stream();
  const auto arena = engine.arena();
  const std::int64_t labels = largest_label(operation, images);
  Image result(operation.result_shape(parameters, images[0]->shape(), labels),
               operation.result_dtype(parameters, images[0]->dtype()), images[0]->spacing());
  const auto output = engine.allocate(result.shape(), result.dtype());
  auto prepared = engine.prepare(
      {operation, parameters, uploaded(engine, *stream, images), output, *arena, labels});
  if (const auto* skip = std::get_if<Skip>(&prepared)) return *skip;
  stream->fill(*output, 0xff);
  arena->fill(*stream, 0xff);
  std::get<std::unique_ptr<Plan>>(prepared)->enqueue(*stream);
  stream->sync();
  stream->download(*output, result);
  stream->sync();
  return result;
}

}  // namespace voxelmark
