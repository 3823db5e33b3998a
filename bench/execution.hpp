#pragma once
#include <memory>
#include <variant>
#include <vector>

#include "engines/core/engine.hpp"

namespace voxelmark {

/// One operation ready to run on an engine, its inputs uploaded.
struct Execution {
  std::unique_ptr<Stream> stream;
  std::unique_ptr<Arena> arena;
  std::vector<std::shared_ptr<Buffer>> inputs;
  std::shared_ptr<Buffer> output;
  std::unique_ptr<Plan> plan;
  double prepare_seconds = 0;  ///< what the engine took to make the plan

  /// Sets every byte of output and scratch: what a run leaves unwritten, or reads without having
  /// written it, then shows.
  void poison(std::uint8_t byte);
  /// One run, and the wait for its end.
  void run();
  /// The output's pixels.
  void download(Image& result);
  /// The output itself, until the next run, where the engine has it in the host's memory.
  Image* in_place();
};

/// `largest_label` is that of the images that are labels; see bench/inputs.hpp. Gives the engine's
/// reason where it declines.
std::variant<Execution, Skip> make_execution(Engine& engine, const Operation& operation,
                                             const Parameters& parameters,
                                             const std::vector<const Image*>& images,
                                             std::int64_t largest_label);

/// What an engine makes of images, with output and scratch poisoned before; or why it declines.
std::variant<Image, Skip> run_on(Engine& engine, const Operation& operation,
                                 const Parameters& parameters,
                                 const std::vector<const Image*>& images);

}  // namespace voxelmark
