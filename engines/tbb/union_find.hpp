#pragma once
#include <atomic>
#include <cstdint>
#include <limits>
#include <numeric>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

/// Sets of voxels that many threads unite at once. parents[i] is a voxel of i's set that comes no
/// later than i; the set's first voxel, its root, is its own parent. A voxel of no set has none.
inline constexpr std::uint32_t no_parent = std::numeric_limits<std::uint32_t>::max();

inline std::uint32_t parent_of(std::uint32_t* parents, std::uint32_t i) {
  return std::atomic_ref(parents[i]).load(std::memory_order_relaxed);
}

/// The root of i's set. Shortens the way there.
inline std::uint32_t find_root(std::uint32_t* parents, std::uint32_t i) {
  while (true) {
    const std::uint32_t parent = parent_of(parents, i);
    if (parent == i) return i;
    const std::uint32_t grandparent = parent_of(parents, parent);
    if (grandparent == parent) return parent;
    // Another thread may have gone further: then this only lengthens the way.
    std::atomic_ref(parents[i]).store(grandparent, std::memory_order_relaxed);
    i = grandparent;
  }
}

inline void unite(std::uint32_t* parents, std::uint32_t a, std::uint32_t b) {
  while (true) {
    a = find_root(parents, a);
    b = find_root(parents, b);
    if (a == b) return;
    if (a < b) std::swap(a, b);
    std::uint32_t expected = a;
    if (std::atomic_ref(parents[a]).compare_exchange_strong(expected, b, std::memory_order_relaxed))
      return;
  }
}

/// The same for sets that no other thread touches meanwhile (Rem's algorithm).
inline void unite_alone(std::uint32_t* parents, std::uint32_t a, std::uint32_t b) {
  while (parents[a] != parents[b]) {
    if (parents[a] < parents[b]) std::swap(a, b);
    const std::uint32_t parent = parents[a];
    parents[a] = parents[b];
    if (parent == a) return;
    a = parent;
  }
}

/// Scratch of enumerate() and inclusive_scan().
inline std::size_t enumeration_bytes(std::int64_t voxels) {
  return static_cast<std::size_t>((voxels + voxels_per_task - 1) / voxels_per_task) *
         sizeof(std::uint32_t);
}

/// Calls emit(i, n) for the n-th voxel i that is(i) holds for, n = 1, 2, …
template <class Is, class Emit>
void enumerate(std::int64_t voxels, std::uint32_t* counts, const Is& is, const Emit& emit) {
  const std::int64_t tasks = (voxels + voxels_per_task - 1) / voxels_per_task;
  const auto each = [&](std::int64_t task, const auto& f) {
    const std::int64_t end = std::min(voxels, (task + 1) * voxels_per_task);
    for (std::int64_t i = task * voxels_per_task; i < end; ++i)
      if (is(i)) f(i);
  };
  tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
    std::uint32_t count = 0;
    each(task, [&](std::int64_t) { ++count; });
    counts[task] = count;
  });
  std::exclusive_scan(counts, counts + tasks, counts, std::uint32_t{0});
  tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
    std::uint32_t number = counts[task];
    each(task, [&](std::int64_t i) { emit(i, ++number); });
  });
}

/// values[i] = the sum of values[0…i], in place; modulo 2^32.
inline void inclusive_scan(std::uint32_t* values, std::int64_t count, std::uint32_t* sums) {
  const std::int64_t tasks = (count + voxels_per_task - 1) / voxels_per_task;
  const auto part = [=](std::int64_t task) {
    return std::pair(values + task * voxels_per_task,
                     values + std::min(count, (task + 1) * voxels_per_task));
  };
  tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
    const auto [begin, end] = part(task);
    sums[task] = std::accumulate(begin, end, std::uint32_t{0});
  });
  std::exclusive_scan(sums, sums + tasks, sums, std::uint32_t{0});
  tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
    const auto [begin, end] = part(task);
    std::inclusive_scan(begin, end, begin, std::plus<>(), sums[task]);
  });
}

}  // namespace voxelmark::tbb_operations
