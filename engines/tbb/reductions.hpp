#pragma once
#include <tbb/parallel_reduce.h>

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

/// What blocks of voxels give, joined two by two in an order that does not depend on the threads.
/// block(first voxel, count) takes at most voxels_per_task voxels.
template <class T, class V, class Block, class Join>
V reduce(const T* from, std::int64_t count, const V& identity, const Block& block,
         const Join& join) {
  return tbb::parallel_deterministic_reduce(
      tbb::blocked_range<std::int64_t>(0, count, voxels_per_task), identity,
      [&](const auto& range, const V& before) {
        return join(before, block(from + range.begin(), range.end() - range.begin()));
      },
      join);
}

/// The sum of f(value) over a block, in as many parts as vector registers hold, joined pairwise.
template <class T, class F>
double sum_of_block(const T* from, std::int64_t count, const F& f) {
  constexpr std::int64_t lanes = 16;
  std::array<double, lanes> sums{};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += f(static_cast<double>(from[i + lane]));
  for (; i < count; ++i) sums[i % lanes] += f(static_cast<double>(from[i]));
  for (auto half = lanes / 2; half > 0; half /= 2)
    for (std::int64_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0];
}

/// The sum of all voxels: exact for integers.
template <class T>
double sum(const T* from, std::int64_t count) {
  if constexpr (std::is_integral_v<T>) {
    static_assert(voxels_per_task * 65535 <= 0xffffffff, "a block's sum fits 32 bits");
    const auto block = [](const T* first, std::int64_t n) {
      std::uint32_t total = 0;
      for (std::int64_t i = 0; i < n; ++i) total += first[i];
      return std::uint64_t{total};
    };
    return static_cast<double>(reduce(from, count, std::uint64_t{0}, block, std::plus<>()));
  } else {
    const auto block = [](const T* first, std::int64_t n) {
      return sum_of_block(first, n, [](double value) { return value; });
    };
    return reduce(from, count, 0.0, block, std::plus<>());
  }
}

/// The voxel that comes first by `before`; NaN only where all are NaN.
template <class T, class Before>
T extremum(const T* from, std::int64_t count, const Before& before) {
  const auto better = [before](T best, T value) {
    return before(value, best) | is_nan(best) ? value : best;
  };
  const auto block = [&](const T* first, std::int64_t n) {
    constexpr std::int64_t lanes = 64;
    std::array<T, lanes> best;
    best.fill(first[0]);
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        best[lane] = better(best[lane], first[i + lane]);
    for (; i < n; ++i) best[0] = better(best[0], first[i]);
    for (std::int64_t lane = 1; lane < lanes; ++lane) best[0] = better(best[0], best[lane]);
    return best[0];
  };
  return reduce(from, count, from[0], block, better);
}

/// The least and the greatest voxel, in one pass; NaN only where all are NaN.
template <class T>
std::pair<T, T> range(const T* from, std::int64_t count) {
  const auto less = [](T best, T value) { return (value < best) | is_nan(best) ? value : best; };
  const auto more = [](T best, T value) { return (value > best) | is_nan(best) ? value : best; };
  const auto join = [=](const std::pair<T, T>& a, const std::pair<T, T>& b) {
    return std::pair(less(a.first, b.first), more(a.second, b.second));
  };
  const auto block = [&](const T* first, std::int64_t n) {
    constexpr std::int64_t lanes = 64;
    std::array<T, lanes> low, high;
    low.fill(first[0]);
    high.fill(first[0]);
    vectorised([&] {
      for (std::int64_t i = 0; i + lanes <= n; i += lanes)
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          low[lane] = less(low[lane], first[i + lane]);
          high[lane] = more(high[lane], first[i + lane]);
        }
    });
    std::pair both(low[0], high[0]);
    for (std::int64_t lane = 1; lane < lanes; ++lane) both = join(both, {low[lane], high[lane]});
    for (std::int64_t i = n / lanes * lanes; i < n; ++i) both = join(both, {first[i], first[i]});
    return both;
  };
  return reduce(from, count, std::pair(from[0], from[0]), block, join);
}

template <class T>
T least(const T* from, std::int64_t count) {
  return extremum(from, count, std::less<>());
}
template <class T>
T greatest(const T* from, std::int64_t count) {
  return extremum(from, count, std::greater<>());
}

/// Counts of `bins` bins; `bin` gives a voxel's. `tables` holds histogram_bytes.
constexpr std::int64_t histogram_tables_per_thread = 4;
inline std::size_t histogram_bytes(int threads, int bins) {
  return static_cast<std::size_t>(threads * histogram_tables_per_thread * bins) *
         sizeof(std::uint64_t);
}
/// Gives the counts, which lie at the start of `tables`.
template <class T, class Bin>
std::uint64_t* histogram(const T* from, std::int64_t count, std::int64_t bins, int threads,
                         std::uint64_t* tables, const Bin& bin) {
  // Neighbours mostly fall into one bin: counted in tables of their own, they need not wait for
  // each other. Bins are found some at a time, in vector code.
  constexpr std::int64_t n = histogram_tables_per_thread, some = 1024;
  static_assert(some % n == 0 && voxels_per_task % some == 0);
  std::fill_n(tables, threads * n * bins, 0);
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, count, voxels_per_task), [=](const auto& range) {
        std::uint64_t* own = tables + tbb::this_task_arena::current_thread_index() * n * bins;
        std::array<std::uint16_t, some> bin_of;
        for (std::int64_t first = range.begin(); first < range.end(); first += some) {
          const std::int64_t size = std::min(some, range.end() - first);
          vectorised([&, voxels = from + first] {
            for (std::int64_t i = 0; i < size; ++i)
              bin_of[i] = static_cast<std::uint16_t>(bin(voxels[i]));
          });
          std::int64_t i = 0;
          for (; i + n <= size; i += n)
            for (std::int64_t k = 0; k < n; ++k) ++own[k * bins + bin_of[i + k]];
          for (; i < size; ++i) ++own[bin_of[i]];
        }
      });
  for (std::int64_t table = 1; table < threads * n; ++table)
    for (std::int64_t i = 0; i < bins; ++i) tables[i] += tables[table * bins + i];
  return tables;
}

}  // namespace voxelmark::tbb_operations
