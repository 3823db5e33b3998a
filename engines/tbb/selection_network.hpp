#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace voxelmark::tbb_operations {

/// A network's comparators: after each, the lesser value is on wire `low`.
struct Comparator {
  int low, high;
};

/// Batcher's merge-exchange network for any number of wires (Knuth, TAOCP vol. 3, 5.2.2 M), less
/// the comparators that the middle wire does not depend on.
constexpr std::vector<Comparator> median_network(int wires) {
  std::vector<Comparator> sorting;
  for (int p = 1; p < wires; p *= 2)
    for (int k = p; k >= 1; k /= 2)
      for (int j = k % p; j + k < wires; j += 2 * k)
        for (int i = 0; i < std::min(k, wires - j - k); ++i)
          if ((i + j) / (2 * p) == (i + j + k) / (2 * p)) sorting.push_back({i + j, i + j + k});

  std::vector<char> needed(static_cast<std::size_t>(wires), 0);
  needed[static_cast<std::size_t>(wires / 2)] = 1;
  std::vector<Comparator> network;
  for (auto c = sorting.rbegin(); c != sorting.rend(); ++c)
    if (needed[c->low] || needed[c->high]) {
      needed[c->low] = needed[c->high] = 1;
      network.push_back(*c);
    }
  std::reverse(network.begin(), network.end());
  return network;
}

/// The same at compile time.
template <int wires>
inline constexpr auto constant_median_network = [] {
  std::array<Comparator, median_network(wires).size()> result{};
  const auto network = median_network(wires);
  std::copy(network.begin(), network.end(), result.begin());
  return result;
}();

/// Medians of small windows. Of those that are common the network is code, whose wires are vector
/// registers; of others a table, whose wires are in the cache.
class SelectionNetwork {
 public:
  static constexpr int most_wires = 128;

  explicit SelectionNetwork(int wires) : wires_(wires), table_(median_network(wires)) {}

  int wires() const { return wires_; }

  /// medians[x] = the median of all inputs' x, for `count` x, a multiple of `lanes`. `spare` has
  /// room for `lanes` keys a wire.
  template <std::int64_t lanes, class Key>
  void medians(const Key* const* inputs, std::int64_t count, Key* medians, Key* spare) const {
    switch (wires_) {
      case 5:
        return by_code<5>(inputs, count, medians);
      case 7:
        return by_code<7>(inputs, count, medians);
      case 9:
        return by_code<9>(inputs, count, medians);
      case 13:
        return by_code<13>(inputs, count, medians);
      case 25:
        return by_code<25>(inputs, count, medians);
      case 27:
        return by_code<27>(inputs, count, medians);
      case 33:
        return by_code<33>(inputs, count, medians);
      default:
        return by_table<lanes>(inputs, count, medians, spare);
    }
  }

 private:
  template <int wires, class Key>
  static void by_code(const Key* const* inputs, std::int64_t count, Key* medians) {
    constexpr auto comparators = constant_median_network<wires>;
    Key* __restrict results = medians;
    [&]<std::size_t... wire, std::size_t... c>(std::index_sequence<wire...>,
                                               std::index_sequence<c...>) {
      const Key* const input[] = {inputs[wire]...};
#pragma GCC ivdep
      for (std::int64_t x = 0; x < count; ++x) {
        Key w[] = {input[wire][x]...};
        const auto exchange = [](Key& a, Key& b) {
          const Key lesser = std::min(a, b);
          b = std::max(a, b);
          a = lesser;
        };
        (exchange(w[comparators[c].low], w[comparators[c].high]), ...);
        results[x] = w[wires / 2];
      }
    }
    (std::make_index_sequence<wires>(), std::make_index_sequence<comparators.size()>());
  }

  template <std::int64_t lanes, class Key>
  void by_table(const Key* const* inputs, std::int64_t count, Key* medians, Key* spare) const {
    for (std::int64_t x = 0; x < count; x += lanes) {
      for (std::int64_t i = 0; i < wires_; ++i)
        std::copy_n(inputs[i] + x, lanes, spare + i * lanes);
      for (const auto& [low, high] : table_) {
        Key* __restrict a = spare + low * lanes, * __restrict b = spare + high * lanes;
        for (std::int64_t i = 0; i < lanes; ++i) {
          const Key lesser = std::min(a[i], b[i]);
          b[i] = std::max(a[i], b[i]);
          a[i] = lesser;
        }
      }
      std::copy_n(spare + wires_ / 2 * lanes, lanes, medians + x);
    }
  }

  int wires_;
  std::vector<Comparator> table_;
};

}  // namespace voxelmark::tbb_operations
