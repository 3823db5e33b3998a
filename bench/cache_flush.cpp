#include "bench/cache_flush.hpp"

namespace voxelmark {

CacheFlush::CacheFlush(Engine& engine) {
  // Beyond the cache of most devices that do not tell theirs; drivers of GPUs tell that of another
  // level (an H200's 4 MiB for 60).
  constexpr std::size_t usual = std::size_t{64} << 20;
  const Device& device = engine.device();
  const bool believed =
      device.last_level_cache > 0 && (device.is_cpu() || device.last_level_cache > usual);
  const Shape shape{static_cast<std::int64_t>(2 * (believed ? device.last_level_cache : usual)), 1,
                    1};
  from_ = engine.allocate(shape, DType::u8);
  to_ = engine.allocate(shape, DType::u8);
  const auto stream = engine.stream();
  stream->fill(*from_, 1);
  stream->fill(*to_, 2);
  stream->sync();
}

void CacheFlush::run(Stream& stream) {
  stream.copy(*from_, *to_);
  stream.sync();
}

}  // namespace voxelmark
