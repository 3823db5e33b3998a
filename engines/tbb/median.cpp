#include <bit>

#include "engines/tbb/median_of_nine.hpp"
#include "engines/tbb/plane_pass.hpp"
#include "engines/tbb/selection_network.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Pixels as unsigned numbers of the same order, which compare faster than floats and put NaN in a
/// place.
template <class T>
struct Keys {
  using Key = T;
  static Key of(T value) { return value; }
  static T value(Key key) { return key; }
};
template <>
struct Keys<float> {
  using Key = std::uint32_t;
  static constexpr Key sign = 0x80000000u;
  static Key of(float value) {
    const auto bits = std::bit_cast<Key>(value);
    return bits ^ ((Key{0} - (bits >> 31)) | sign);
  }
  static float value(Key key) { return std::bit_cast<float>(key ^ (((key >> 31) - 1) | sign)); }
};

/// Tiles with all that their windows see: `slices()` slices, filled as the output's z grows.
template <class T>
class Surroundings {
 public:
  using Key = typename Keys<T>::Key;

  Surroundings(const Shape& shape, const Reach& radius, std::int64_t width, std::int64_t height)
      : shape_(shape),
        radius_(radius),
        width_(std::min(width, (shape.x + 63) / 64 * 64)),
        height_(std::min(height, shape.y)) {}

  std::int64_t width() const { return width_; }
  std::int64_t height() const { return height_; }
  std::int64_t pitch() const { return width_ + 2 * radius_.x; }
  std::int64_t slice() const { return (height_ + 2 * radius_.y) * pitch(); }
  std::int64_t slices() const { return 2 * radius_.z + 1; }
  std::int64_t keys() const { return slice() * slices(); }

  /// Where the slice z lies.
  std::int64_t start(std::int64_t z) const { return (z + radius_.z) % slices() * slice(); }

  /// Fills in the slice z, beyond the image's ends that of the end.
  void load(const T* from, const Tile& tile, std::int64_t z, Key* keys) const {
    for (std::int64_t i = 0; i < height_ + 2 * radius_.y; ++i) {
      const std::int64_t y = std::clamp<std::int64_t>(tile.y + i - radius_.y, 0, shape_.y - 1);
      load_line(from + offset(shape_, 0, y, std::clamp<std::int64_t>(z, 0, shape_.z - 1)), shape_.x,
                tile.x - radius_.x, pitch(), keys + start(z) + i * pitch(),
                [](T value) { return Keys<T>::of(value); });
    }
  }

 private:
  Shape shape_;
  Reach radius_;
  std::int64_t width_, height_;
};

/// Neighbouring outputs that go through the network side by side.
constexpr std::int64_t lanes = 64;

/// Slices that one task of networks makes.
constexpr std::int64_t segment = 16;

/// The window's voxels through a network, in vectors of neighbouring outputs.
template <class T>
class ByNetwork {
 public:
  using Key = typename Keys<T>::Key;

  ByNetwork(Work& work, const Window& window)
      : shape_(work.shape()),
        radius_(window.radius),
        around_(shape_, radius_, radius_.z > 0 ? 256 : 2048, 32),
        offsets_(window_offsets(window)),
        network_(static_cast<int>(offsets_.size())),
        keys_(work.scratch_per_thread(
            static_cast<std::size_t>(around_.keys() + around_.width() + network_.wires() * lanes) *
            sizeof(Key))) {}

  void run(const T* from, T* to) const {
    const std::int64_t segments = (shape_.z + segment - 1) / segment;
    for_each_tile(
        {shape_.x, shape_.y, segments}, around_.width(), around_.height(), [&](const Tile& tile) {
          Key* const keys = keys_.pixels<Key>();
          const std::int64_t first = tile.z * segment, last = std::min(first + segment, shape_.z);
          for (std::int64_t z = first - radius_.z; z < last + radius_.z; ++z) {
            around_.load(from, tile, z, keys);
            if (z - radius_.z >= first) select(to, tile, z - radius_.z, keys);
          }
        });
  }

 private:
  void select(T* to, const Tile& tile, std::int64_t z, Key* keys) const {
    std::array<const Key*, SelectionNetwork::most_wires> inputs;
    Key* const medians = keys + around_.keys();
    for (std::int64_t i = 0; i < tile.height; ++i) {
      for (std::size_t k = 0; k < offsets_.size(); ++k)
        inputs[k] = keys + around_.start(z + offsets_[k].z) +
                    (i + radius_.y + offsets_[k].y) * around_.pitch() + radius_.x + offsets_[k].x;
      network_.medians<lanes>(inputs.data(), around_.width(), medians, medians + around_.width());
      store_line(medians, tile.width, to, offset(shape_, tile.x, tile.y + i, z),
                 [](Key key) { return Keys<T>::value(key); });
    }
  }

  Shape shape_;
  Reach radius_;
  Surroundings<T> around_;
  std::vector<Index> offsets_;
  SelectionNetwork network_;
  ThreadScratch keys_;
};

/// The window as a set of bits over the ranks of a tile's voxels (Suomela, Median filtering is
/// equivalent to sorting, 2014): it moves by the ends of its rows, and its median by a few words.
template <class T>
class ByRank {
 public:
  using Key = typename Keys<T>::Key;

  ByRank(Work& work, const Window& window)
      : shape_(work.shape()),
        radius_(window.radius),
        around_(shape_, radius_, std::max<std::int64_t>(128, 2 * radius_.x),
                radius_.z > 0 ? 32 : std::max<std::int64_t>(64, radius_.y)),
        rows_(window_rows(window)),
        middle_(static_cast<std::uint32_t>(window_size(window) / 2)),
        scratch_(work.scratch_per_thread(
            static_cast<std::size_t>(2 * around_.keys() + words()) * sizeof(std::uint64_t) +
            static_cast<std::size_t>(around_.keys()) * (sizeof(std::uint32_t) + sizeof(Key)))) {}

  void run(const T* from, T* to) const {
    for_each_tile(shape_, around_.width(), around_.height(), [&](const Tile& tile) {
      auto* const sorted = scratch_.pixels<std::uint64_t>();
      auto* const set = sorted + 2 * around_.keys();
      auto* const ranks = reinterpret_cast<std::uint32_t*>(set + words());
      auto* const keys = reinterpret_cast<Key*>(ranks + around_.keys());
      for (std::int64_t z = tile.z - radius_.z; z <= tile.z + radius_.z; ++z)
        around_.load(from, tile, z, keys);
      const std::uint64_t* const order = sort(keys, sorted);
      for (std::int64_t i = 0; i < around_.keys(); ++i)
        ranks[static_cast<std::uint32_t>(order[i])] = static_cast<std::uint32_t>(i);
      for (std::int64_t i = 0; i < tile.height; ++i)
        filter_row(ranks, order, tile, i, set, to + offset(shape_, tile.x, tile.y + i, tile.z));
    });
  }

 private:
  std::int64_t words() const { return around_.keys() / 64 + 1; }

  /// Keys with their places below them, by the keys' bytes from the lowest on.
  const std::uint64_t* sort(const Key* keys, std::uint64_t* sorted) const {
    std::uint64_t *from = sorted, *to = sorted + around_.keys();
    for (std::int64_t i = 0; i < around_.keys(); ++i)
      from[i] = std::uint64_t{keys[i]} << 32 | static_cast<std::uint64_t>(i);
    for (int shift = 32; shift < 32 + 8 * static_cast<int>(sizeof(Key)); shift += 8) {
      std::array<std::uint32_t, 257> starts{};
      for (std::int64_t i = 0; i < around_.keys(); ++i) ++starts[(from[i] >> shift & 255) + 1];
      for (int i = 0; i < 256; ++i) starts[i + 1] += starts[i];
      for (std::int64_t i = 0; i < around_.keys(); ++i)
        to[starts[from[i] >> shift & 255]++] = from[i];
      std::swap(from, to);
    }
    return from;
  }

  void filter_row(const std::uint32_t* ranks, const std::uint64_t* order, const Tile& tile,
                  std::int64_t i, std::uint64_t* set, T* out) const {
    std::fill_n(set, words(), 0);
    std::uint32_t word = 0, below = 0;  // the median's word, or near it; voxels in lesser words
    const auto add = [&](std::uint32_t rank, std::uint32_t count) {
      set[rank / 64] ^= std::uint64_t{1} << rank % 64;
      below += rank / 64 < word ? count : 0;
    };
    const auto voxels = [&](const WindowRow& row) {
      return ranks + around_.start(tile.z + row.z) + (i + radius_.y + row.y) * around_.pitch() +
             radius_.x;
    };
    for (const WindowRow& row : rows_)
      for (std::int64_t d = -row.half; d <= row.half; ++d) add(voxels(row)[d], 1);
    for (std::int64_t x = 0;; ++x) {
      const auto size = [&] { return static_cast<std::uint32_t>(std::popcount(set[word])); };
      while (below > middle_) {
        --word;
        below -= size();
      }
      for (; below + size() <= middle_; ++word) below += size();
      std::uint64_t bits = set[word];
      for (std::uint32_t skip = middle_ - below; skip > 0; --skip) bits &= bits - 1;
      const auto rank = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
      out[x] = Keys<T>::value(static_cast<Key>(order[rank] >> 32));
      if (x + 1 == tile.width) return;
      for (const WindowRow& row : rows_) {
        add(voxels(row)[x - row.half], ~0u);
        add(voxels(row)[x + 1 + row.half], 1);
      }
    }
  }

  Shape shape_;
  Reach radius_;
  Surroundings<T> around_;
  std::vector<WindowRow> rows_;
  std::uint32_t middle_;
  ThreadScratch scratch_;
};

}  // namespace

Body median(Work& work) {
  const Window window(work.parameters());
  const bool small = listed_window_size(window) <= SelectionNetwork::most_wires;
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    const auto body = [&](auto filter) -> Body {
      return [filter, input = work.input(), output = work.output()] {
        filter.run(input.as<T>(), output.as<T>());
      };
    };
    const auto [x, y, z] = window.radius;
    if (!window.sphere && x == 1 && y == 1 && z == 0)
      return body(MedianOfNine<T>(work, work.shape()));
    return small ? body(ByNetwork<T>(work, window)) : body(ByRank<T>(work, window));
  });
}

}  // namespace voxelmark::tbb_operations
