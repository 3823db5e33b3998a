#pragma once
#include "engines/core/engine.hpp"

namespace voxelmark {

/// Drives out what a device's caches hold: copies between two buffers of the engine, each twice as
/// large as the last-level cache. It leaves the caches as the work on other images would, partly
/// with lines to write back.
class CacheFlush {
 public:
  /// Throws TooLarge where the device cannot hold the buffers.
  explicit CacheFlush(Engine& engine);
  /// Copies, and waits for the end.
  void run(Stream& stream);

 private:
  std::shared_ptr<Buffer> from_, to_;
};

}  // namespace voxelmark
