#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/cache_flush.hpp"
#include "bench/nvml.hpp"
#include "engines/core/engine.hpp"
#include "engines/external/external_engine.hpp"

namespace voxelmark {

/// Every kind of engine that is part of this program, in the order in which results are listed.
std::vector<EngineKind> engine_kinds();

/// Which engines and devices take part.
struct EngineSelection {
  std::vector<std::string> names{};    ///< none: those by default; "all": every one there is
  std::vector<std::string> devices{};  ///< parts of names; none: all
  ExternalEngines external{};
};

/// The devices of the engines asked for. An engine whose runtime is missing gives one entry that
/// opens as a Skip. Throws BadInput for unknown names, and where a part of a device's name matches
/// no device but the host.
std::vector<EngineEntry> find_devices(const EngineSelection& selection);

/// What a device can do at the most; see measure_limits.
struct Limits {
  double copy_bytes_per_second = 0;  ///< bytes read + written
  double launch_seconds = 0;         ///< one more tiny operation enqueued; 0: unknown
  double flops = 0;                  ///< float32 multiply-adds, two operations each
  double push_bytes_per_second = 0, pull_bytes_per_second = 0;                ///< pageable; 0: none
  double pinned_push_bytes_per_second = 0, pinned_pull_bytes_per_second = 0;  ///< 0: none
};

/// The best of at most so many runs each.
Limits measure_limits(Engine& engine, int runs = 10);

/// Engines opened once per device and number of threads, each with its limits, measured in so many
/// runs; of none where that is 0.
class OpenEngines {
 public:
  explicit OpenEngines(int limit_runs = 10) : limit_runs_(limit_runs) {}

  struct Opened {
    std::unique_ptr<Engine> engine;
    std::optional<Limits> limits;
    std::optional<NvmlDevice> gpu{};
    std::unique_ptr<CacheFlush> flush{};  ///< made where it is first asked for
  };
  /// Throws where the runtime fails.
  std::variant<Opened*, Skip> open(const EngineEntry& entry, int threads);
  const std::map<std::pair<std::string, int>, std::variant<Opened, Skip>>& all() const {
    return opened_;
  }

 private:
  int limit_runs_;
  std::map<std::pair<std::string, int>, std::variant<Opened, Skip>> opened_;
};

}  // namespace voxelmark
