#pragma once
#include <variant>
#include <vector>

#include "engines/core/engine.hpp"

namespace voxelmark {

/// The images in buffers of the engine.
std::vector<std::shared_ptr<Buffer>> uploaded(Engine& engine, Stream& stream,
                                              const std::vector<const Image*>& images);

/// What an engine makes of images, with output and scratch poisoned before; or why it declines.
std::variant<Image, Skip> run_on(Engine& engine, const Operation& operation,
                                 const Parameters& parameters,
                                 const std::vector<const Image*>& images);

}  // namespace voxelmark
