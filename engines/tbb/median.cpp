#include <array>
#include <bit>
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

/// The order of pixels as unsigned numbers.
template <class T>
std::uint32_t to_key(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
  } else {
    return value;
  }
}

/// How often each 16-bit number occurs, in two levels: 256 bins of 256.
struct Histogram {
  std::uint32_t coarse[256], fine[65536];

  void add(std::uint32_t number, std::uint32_t count) {
    coarse[number >> 8] += count;
    fine[number] += count;
  }
  /// The number that stands at `rank` in their order; leaves in `rank` its place among its equals.
  std::uint32_t at(std::uint32_t& rank) const {
    std::uint32_t block = 0;
    for (; coarse[block] <= rank; ++block) rank -= coarse[block];
    std::uint32_t number = block << 8;
    for (; fine[number] <= rank; ++number) rank -= fine[number];
    return number;
  }
};

/// The histogram of the window's 16 highest key bits moves along a row: what leaves and what enters
/// are the ends of the window's rows. Floats are then selected among those of the same 16 bits.
template <class T>
void by_histogram(const T* from, T* to, const Shape& shape, std::span<const WindowRow> rows,
                  const ThreadScratch& histograms, const ThreadScratch& values) {
  constexpr int low_bits = std::is_floating_point_v<T> ? 16 : 0;
  std::uint32_t middle = 0;
  for (const WindowRow& row : rows) middle += static_cast<std::uint32_t>(row.half);
  middle += static_cast<std::uint32_t>(rows.size() / 2);
  tbb::parallel_for(std::int64_t{0}, shape.y * shape.z, [&](std::int64_t line) {
    const std::int64_t y = line % shape.y, z = line / shape.y;
    const auto pixels = [&](const WindowRow& row) {
      return from + offset(shape, 0, std::clamp<std::int64_t>(y + row.y, 0, shape.y - 1),
                           std::clamp<std::int64_t>(z + row.z, 0, shape.z - 1));
    };
    const auto inside = [&](std::int64_t x) { return std::clamp<std::int64_t>(x, 0, shape.x - 1); };
    Histogram& histogram = *histograms.pixels<Histogram>();
    histogram = {};
    for (const WindowRow& row : rows)
      for (std::int64_t d = -row.half; d <= row.half; ++d)
        histogram.add(to_key(pixels(row)[inside(d)]) >> low_bits, 1);
    for (std::int64_t x = 0; x < shape.x; ++x) {
      std::uint32_t rank = middle;
      const std::uint32_t number = histogram.at(rank);
      T& result = to[offset(shape, x, y, z)];
      if constexpr (low_bits == 0) {
        result = static_cast<T>(number);
      } else {
        T* const equals = values.pixels<T>();
        T* end = equals;
        for (const WindowRow& row : rows) {
          const T* const source = pixels(row);
          for (std::int64_t d = -row.half; d <= row.half; ++d) {
            *end = source[inside(x + d)];
            end += to_key(*end) >> low_bits == number;
          }
        }
        std::nth_element(equals, equals + rank, end, NanLast{});
        result = equals[rank];
      }
      for (const WindowRow& row : rows) {
        const T* const source = pixels(row);
        histogram.add(to_key(source[inside(x - row.half)]) >> low_bits, ~0u);
        histogram.add(to_key(source[inside(x + 1 + row.half)]) >> low_bits, 1);
      }
    }
  });
}

}  // namespace

Body median(Work& work) {
  const Window window(work.parameters());
  const std::int64_t size = listed_window_size(window);
  // A network grows as n log² n; a histogram costs the same for every window of some height.
  constexpr std::int64_t largest_network = 512;
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    const auto scratch = [&](std::int64_t pixels) {
      return work.scratch_per_thread(static_cast<std::size_t>(pixels) * sizeof(T));
    };
    const Pixels input = work.input(), output = work.output();
    const Shape shape = work.shape();
    if (size <= largest_network)
      return [=, offsets = window_offsets(window), wires = scratch(size * lanes),
              network = median_network(static_cast<int>(size))] {
        by_network(input.as<T>(), output.as<T>(), shape, offsets, network, wires);
      };
    const ThreadScratch histograms = work.scratch_per_thread(sizeof(Histogram));
    // One place more than the window has: the next candidate is written before it is judged.
    return [=, rows = window_rows(window), values = scratch(size + 1)] {
      by_histogram(input.as<T>(), output.as<T>(), shape, rows, histograms, values);
    };
  });
}

}  // namespace voxelmark::tbb_operations
