#pragma once
#include <tbb/parallel_reduce.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

/// Voxels that reduce() takes at a time: of integers more, since each costs less.
template <class T>
inline constexpr std::int64_t voxels_per_block =
    std::is_integral_v<T> ? 2 * voxels_per_task : voxels_per_task;

/// What blocks of voxels give, joined two by two in an order that does not depend on the threads.
/// block(first voxel, count) takes at most voxels_per_block voxels.
template <class T, class V, class Block, class Join>
V reduce(const T* from, std::int64_t count, const V& identity, const Block& block,
         const Join& join) {
  return tbb::parallel_deterministic_reduce(
      tbb::blocked_range<std::int64_t>(0, count, voxels_per_block<T>), identity,
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

/// Exact sums of integers, of 128 bits for more than 2^32 squares of 16 bits.
struct IntegerSums {
  __extension__ using Squares = unsigned __int128;
  std::uint64_t values = 0;
  Squares squares = 0;  ///< Of the values.
};
inline IntegerSums operator+(const IntegerSums& a, const IntegerSums& b) {
  return {a.values + b.values, a.squares + b.squares};
}

/// Of all voxels. Partial sums are as narrow as they can be, since so many more go into a vector.
template <bool with_squares, std::integral T>
IntegerSums integer_sums(const T* from, std::int64_t count) {
  constexpr std::int64_t lanes = 64 / sizeof(T), rows = 256, most = std::numeric_limits<T>::max();
  using Value = std::conditional_t<sizeof(T) == 1, std::uint16_t, std::uint32_t>;
  using Square = std::conditional_t<sizeof(T) == 1, std::uint32_t, std::uint64_t>;
  static_assert(rows * most <= std::numeric_limits<Value>::max());
  static_assert(most * most <= std::numeric_limits<Value>::max());
  static_assert(sizeof(T) > 1 || voxels_per_block<T> * most * most / lanes <= 0xffffffff);
  const auto block = [](const T* first, std::int64_t n) {
    IntegerSums sums;
    vectorised([=, &sums] {
      IntegerSums own;
      std::array<Square, lanes> squares{};
      for (std::int64_t begin = 0; begin < n / lanes; begin += rows) {
        std::array<Value, lanes> values{};
        for (std::int64_t row = begin; row < std::min(n / lanes, begin + rows); ++row)
          for (std::int64_t lane = 0; lane < lanes; ++lane) {
            const Value value = first[row * lanes + lane];
            values[lane] += value;
            if constexpr (with_squares) squares[lane] += static_cast<Value>(value * value);
          }
        for (const Value value : values) own.values += value;
      }
      for (const Square square : squares) own.squares += square;
      for (std::int64_t i = n / lanes * lanes; i < n; ++i) {
        const std::uint64_t value = first[i];
        own.values += value, own.squares += value * value;
      }
      sums = own;
    });
    return sums;
  };
  return reduce(from, count, IntegerSums{}, block, std::plus<>());
}

/// The sum of all voxels: exact for integers.
template <class T>
double sum(const T* from, std::int64_t count) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<double>(integer_sums<false>(from, count).values);
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
  const auto block = [better](const T* first, std::int64_t n) {
    constexpr std::int64_t lanes = std::is_integral_v<T> ? 256 : 64;
    std::array<T, lanes> best;
    vectorised([=, &best] {
      std::array<T, lanes> own;  // which no store can change
      own.fill(first[0]);
      for (std::int64_t i = 0; i + lanes <= n; i += lanes)
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          own[lane] = better(own[lane], first[i + lane]);
      best = own;
    });
    for (std::int64_t i = n / lanes * lanes; i < n; ++i) best[0] = better(best[0], first[i]);
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
  const auto block = [=](const T* first, std::int64_t n) {
    constexpr std::int64_t lanes = 64;
    using Lanes = std::array<T, lanes>;
    Lanes low, high;
    vectorised([=, &low, &high] {
      Lanes own_low, own_high;
      own_low.fill(first[0]);
      own_high.fill(first[0]);
      for (std::int64_t i = 0; i + lanes <= n; i += lanes)
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          own_low[lane] = less(own_low[lane], first[i + lane]);
          own_high[lane] = more(own_high[lane], first[i + lane]);
        }
      low = own_low, high = own_high;
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
        if constexpr (sizeof(T) == 1) {  // values first, of which there are few to find bins for
          std::array<std::array<std::uint32_t, 256>, n> counts{};
          const T* const voxels = from + range.begin();
          const std::int64_t size = range.end() - range.begin();
          std::int64_t i = 0;
          for (; i + n <= size; i += n)
            for (std::int64_t k = 0; k < n; ++k) ++counts[k][voxels[i + k]];
          for (; i < size; ++i) ++counts[0][voxels[i]];
          for (int value = 0; value < 256; ++value) {
            std::uint32_t total = 0;
            for (const auto& table : counts) total += table[value];
            if (total > 0) own[bin(static_cast<T>(value))] += total;
          }
          return;
        }
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
