#include "bench/cache_flush.hpp"

namespace voxelmark {

CacheFlush::CacheFlush(Engine& engine) {
  // Beyond the cache of most devices that do not tell theirs.
  constexpr std::size_t untold = std::size_t{64} << 20;
  const std::size_t cache = engine.device().last_level_cache;
  const Shape shape{static_cast<std::int64_t>(2 * (cache > 0 ? cache : untold)), 1, 1};
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
