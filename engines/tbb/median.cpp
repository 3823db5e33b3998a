#include <array>
#include <cstring>
#include <utility>

#include "engines/operations/window.hpp"
#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// A network's comparators: after each, the lesser value is on wire `low`.
struct Comparator {
  int low, high;
};

/// Batcher's merge-exchange network for any number of wires (Knuth, TAOCP vol. 3, 5.2.2 M), less
/// the comparators that the middle wire does not depend on.
std::vector<Comparator> median_network(int wires) {
  std::vector<Comparator> sorting;
  for (int p = 1; p < wires; p *= 2)
    for (int k = p; k >= 1; k /= 2)
      for (int j = k % p; j + k < wires; j += 2 * k)
        for (int i = 0; i < std::min(k, wires - j - k); ++i)
          if ((i + j) / (2 * p) == (i + j + k) / (2 * p)) sorting.push_back({i + j, i + j + k});

  std::vector<bool> needed(static_cast<std::size_t>(wires), false);
  needed[static_cast<std::size_t>(wires / 2)] = true;
  std::vector<Comparator> network;
  for (auto c = sorting.rbegin(); c != sorting.rend(); ++c)
    if (needed[c->low] || needed[c->high]) {
      needed[c->low] = needed[c->high] = true;
      network.push_back(*c);
    }
  std::reverse(network.begin(), network.end());
  return network;
}

/// Neighbouring outputs that go through the network side by side, in vector registers.
constexpr std::int64_t lanes = 64;

/// Copies input voxels x … x + count of the row at (y, z), clamped to the image.
template <class T>
void gather(const T* from, const Shape& shape, std::int64_t x, std::int64_t y, std::int64_t z,
            std::int64_t count, T* to) {
  const T* row = from + offset(shape, 0, std::clamp<std::int64_t>(y, 0, shape.y - 1),
                               std::clamp<std::int64_t>(z, 0, shape.z - 1));
  if (x >= 0 && x + count <= shape.x)
    std::memcpy(to, row + x, static_cast<std::size_t>(count) * sizeof(T));
  else
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = row[std::clamp<std::int64_t>(x + i, 0, shape.x - 1)];
}

template <class T>
void by_network(const T* from, T* to, const Shape& shape, std::span<const Index> offsets,
                std::span<const Comparator> network, const ThreadScratch& scratch) {
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    T* const wires = scratch.pixels<T>();
    for (std::int64_t x = 0; x < shape.x; x += lanes) {
      const std::int64_t count = std::min(lanes, shape.x - x);
      for (std::size_t i = 0; i < offsets.size(); ++i)
        gather(from, shape, x + offsets[i].x, y + offsets[i].y, z + offsets[i].z, lanes,
               wires + static_cast<std::int64_t>(i) * lanes);
      for (const auto& [low, high] : network) {
        T* __restrict a = wires + low * lanes;
        T* __restrict b = wires + high * lanes;
        for (std::int64_t i = 0; i < lanes; ++i) {
          const T lesser = b[i] < a[i] ? b[i] : a[i];
          b[i] = b[i] < a[i] ? a[i] : b[i];
          a[i] = lesser;
        }
      }
      std::copy_n(wires + static_cast<std::int64_t>(offsets.size() / 2) * lanes, count,
                  to + offset(shape, x, y, z));
    }
  });
}

template <class T>
void by_selection(const T* from, T* to, const Shape& shape, std::span<const Index> offsets,
                  const ThreadScratch& scratch) {
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    T* const window = scratch.pixels<T>();
    T* const middle = window + offsets.size() / 2;
    for (std::int64_t x = 0; x < shape.x; ++x) {
      for (std::size_t i = 0; i < offsets.size(); ++i)
        gather(from, shape, x + offsets[i].x, y + offsets[i].y, z + offsets[i].z, 1, window + i);
      std::nth_element(window, middle, window + offsets.size(), NanLast{});
      to[offset(shape, x, y, z)] = *middle;
    }
  });
}

}  // namespace

Body median(Work& work) {
  const auto offsets = window_offsets(work.parameters());
  // A network grows as n log² n, a selection as n: they meet at about this size.
  constexpr std::size_t largest_network = 512;
  const bool network = offsets.size() <= largest_network;
  const auto comparators =
      network ? median_network(static_cast<int>(offsets.size())) : std::vector<Comparator>{};
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    const ThreadScratch scratch =
        work.scratch_per_thread(offsets.size() * sizeof(T) * (network ? lanes : 1));
    return [=, input = work.input(), output = work.output(), shape = work.shape()] {
      const T* from = input.as<T>();
      T* to = output.as<T>();
      if (network)
        by_network(from, to, shape, offsets, comparators, scratch);
      else
        by_selection(from, to, shape, offsets, scratch);
    };
  });
}

}  // namespace voxelmark::tbb_operations
