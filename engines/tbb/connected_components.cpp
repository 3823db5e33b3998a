#include <bit>
#include <cmath>
#include <cstring>

#include "engines/operations/connected_components.hpp"
#include "engines/tbb/union_find.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// The mask, a bit a voxel, and its runs of foreground, counted row after row. They take the place
/// of voxels: each voxel of a run has the run's label.
struct Runs {
  static constexpr std::int64_t word_bits = 64;

  Shape shape;
  std::uint64_t* bits;     ///< whole words a row
  std::uint32_t* starts;   ///< starts[row] ... starts[row + 1] are the row's runs
  std::uint32_t* parents;  ///< sets of runs

  static std::int64_t words(const Shape& shape) { return (shape.x + word_bits - 1) / word_bits; }
  static std::int64_t rows(const Shape& shape) { return shape.y * shape.z; }
  static std::int64_t most_runs(const Shape& shape) { return rows(shape) * ((shape.x + 1) / 2); }

  std::int64_t words() const { return words(shape); }
  std::int64_t row(std::int64_t y, std::int64_t z) const { return y + shape.y * z; }
  std::uint64_t* row_bits(std::int64_t row) const { return bits + row * words(); }
};

/// The word k of a row, each voxel's bit moved to the voxel after it.
std::uint64_t moved(const std::uint64_t* row, std::int64_t k) {
  return row[k] << 1 | (k == 0 ? 0 : row[k - 1] >> 63);
}

/// Bit i tells of voxel i.
template <class T>
std::uint64_t to_bits(const T* mask, std::int64_t count) {
  std::array<std::uint8_t, Runs::word_bits> is_set{};
  const auto test = [&](std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) is_set[i] = (mask[i] != T{0}) & !is_nan(mask[i]);
  };
  count >= Runs::word_bits ? test(Runs::word_bits) : test(count);
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    std::uint64_t eight;
    std::memcpy(&eight, is_set.data() + 8 * i, 8);
    // The product's last byte gathers one bit of each byte.
    word |= eight * 0x0102040810204080 >> 56 << 8 * i;
  }
  return word;
}

template <class T>
void find_runs(const T* mask, const Runs& runs, std::uint32_t* sums) {
  runs.starts[0] = 0;
  for_each_row(runs.shape, [&](std::int64_t y, std::int64_t z) {
    vectorised([=, from = mask + offset(runs.shape, 0, y, z)] {
      const std::int64_t row = runs.row(y, z);
      std::uint64_t* const bits = runs.row_bits(row);
      int count = 0;
      for (std::int64_t k = 0; k < runs.words(); ++k) {
        bits[k] = to_bits(from + k * Runs::word_bits, runs.shape.x - k * Runs::word_bits);
        count += std::popcount(bits[k] & ~moved(bits, k));
      }
      runs.starts[row + 1] = static_cast<std::uint32_t>(count);
    });
  });
  inclusive_scan(runs.starts + 1, Runs::rows(runs.shape), sums);
}

/// Calls touch(a, b) for the runs a, b of two rows that touch, but where a run of one of the rows
/// `between` (or null) touches both, too.
template <class Touch>
void for_each_contact(const Runs& runs, std::int64_t row, std::int64_t other, bool box,
                      std::array<const std::uint64_t*, 2> between, const Touch& touch) {
  const std::uint64_t *const here = runs.row_bits(row), *const there = runs.row_bits(other);
  std::uint32_t a = runs.starts[row] - 1, b = runs.starts[other] - 1;
  for (std::int64_t k = 0; k < runs.words(); ++k) {
    const std::uint64_t moved_here = moved(here, k), moved_there = moved(there, k),
                        starts_here = here[k] & ~moved_here, starts_there = there[k] & ~moved_there;
    // Runs that are one voxel longer overlap where they touch at a corner. The overlap of two runs
    // starts where one of them does.
    std::uint64_t contacts = starts_here | starts_there;
    contacts &= box ? (here[k] | moved_here) & (there[k] | moved_there) : here[k] & there[k];
    for (const std::uint64_t* third : between)
      if (third != nullptr) contacts &= ~(third[k] | moved(third, k));
    for (; contacts != 0; contacts &= contacts - 1) {
      const std::uint64_t up_to = contacts ^ (contacts - 1);
      touch(a + std::popcount(starts_here & up_to), b + std::popcount(starts_there & up_to));
    }
    a += std::popcount(starts_here);
    b += std::popcount(starts_there);
  }
}

/// The same for a row and all those before it that are its neighbours and that wanted(y, z) holds
/// for. A row between two others is left to the contacts with it, which are between rows that come
/// earlier or, here, before.
template <class Wanted, class Touch>
void for_each_contact(const Runs& runs, std::int64_t y, std::int64_t z, bool box,
                      const Wanted& wanted, const Touch& touch) {
  const std::int64_t row = runs.row(y, z);
  const auto with = [&](std::int64_t other_y, std::int64_t other_z, const std::uint64_t* third,
                        const std::uint64_t* fourth) {
    if (wanted(other_y, other_z))
      for_each_contact(runs, row, runs.row(other_y, other_z), box, {third, fourth}, touch);
  };
  if (y > 0) with(y - 1, z, nullptr, nullptr);
  if (z == 0) return;
  const std::uint64_t* const above = box && y > 0 ? runs.row_bits(row - 1) : nullptr;
  with(y, z - 1, above, nullptr);
  if (!box) return;
  const std::uint64_t* const behind = runs.row_bits(runs.row(y, z - 1));
  if (y > 0) with(y - 1, z - 1, above, behind);
  if (y + 1 < runs.shape.y) with(y + 1, z - 1, behind, nullptr);
}

/// Block by block, each by one thread in its cache, then across the blocks' borders.
void unite_runs(const Runs& runs, bool box) {
  const Shape& shape = runs.shape;
  const std::int64_t rows = std::max<std::int64_t>(1, 2 * voxels_per_task / shape.x);
  const std::int64_t depth =
      std::min(shape.z, static_cast<std::int64_t>(std::sqrt(static_cast<double>(rows))));
  const std::int64_t height = std::min(shape.y, rows / depth);
  const std::int64_t down = (shape.y + height - 1) / height, deep = (shape.z + depth - 1) / depth;
  tbb::parallel_for(std::int64_t{0}, down * deep, [&](std::int64_t block) {
    const std::int64_t top = block % down * height, front = block / down * depth;
    for (std::int64_t z = front; z < std::min(front + depth, shape.z); ++z)
      for (std::int64_t y = top; y < std::min(top + height, shape.y); ++y) {
        const std::uint32_t* const starts = runs.starts + runs.row(y, z);
        std::iota(runs.parents + starts[0], runs.parents + starts[1], starts[0]);
        for_each_contact(
            runs, y, z, box,
            [=](std::int64_t other_y, std::int64_t other_z) {
              return other_y >= top && other_y < top + height && other_z >= front;
            },
            [&](std::uint32_t a, std::uint32_t b) { unite_alone(runs.parents, a, b); });
      }
  });
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    for_each_contact(
        runs, y, z, box,
        [=](std::int64_t other_y, std::int64_t other_z) {
          return other_y / height != y / height || other_z / depth != z / depth;
        },
        [&](std::uint32_t a, std::uint32_t b) { unite(runs.parents, a, b); });
  });
}

/// Puts each run's label where its parent was: the number, from 1 on, of its root among all roots.
void number_runs(std::uint32_t* parents, std::int64_t runs, std::uint32_t* numbers,
                 std::uint32_t* counts) {
  const auto is_root = [=](std::int64_t i) {
    const auto run = static_cast<std::uint32_t>(i);
    const std::uint32_t root = find_root(parents, run);
    if (root != run) std::atomic_ref(parents[run]).store(root, std::memory_order_relaxed);
    return root == run;
  };
  enumerate(runs, counts, is_root,
            [=](std::int64_t i, std::uint32_t number) { numbers[i] = number; });
  // Every parent is a root by now.
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, runs, voxels_per_task),
                    [=](const auto& range) {
                      for (std::int64_t i = range.begin(); i < range.end(); ++i)
                        parents[i] = numbers[parents[i]];
                    });
}

/// At [byte][i]: how many of the byte's bits 0 to i are set.
constexpr auto ranks = [] {
  std::array<std::array<std::uint8_t, 8>, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned i = 0; i < 8; ++i)
      table[byte][i] = static_cast<std::uint8_t>(std::popcount(byte & ((2u << i) - 1)));
  return table;
}();

/// A row of labels from those of its runs: each voxel's by the rank of its run among those that
/// start in eight voxels. Reads the label before the row's first one, and up to eight behind.
void paint_row(const std::uint64_t* bits, std::int64_t words, std::int64_t width,
               const std::uint32_t* of_runs, std::uint32_t* labels) {
  typedef std::uint32_t Eight [[gnu::vector_size(32)]];
  constexpr Eight bit{1, 2, 4, 8, 16, 32, 64, 128};
  const std::uint32_t* current = of_runs - 1;  // of the run that comes from the voxel before
  for (std::int64_t k = 0; k < words; ++k) {
    const std::int64_t x = k * Runs::word_bits, count = std::min(width - x, Runs::word_bits);
    const std::uint64_t word = bits[k], starts = word & ~moved(bits, k);
    if (word == 0 || (starts == 0 && word == ~std::uint64_t{0})) {
      std::fill_n(labels + x, count, word == 0 ? 0 : *current);
      continue;
    }
    std::array<Eight, 8> result;
    for (int i = 0; i < 8; ++i) {
      const std::array<std::uint8_t, 8>& rank = ranks[starts >> 8 * i & 0xff];
      Eight near, index;
      std::memcpy(&near, current, sizeof near);
      for (int j = 0; j < 8; ++j) index[j] = rank[j];
      const auto is_set = (static_cast<std::uint32_t>(word >> 8 * i) & bit) == bit;
      result[i] = __builtin_shuffle(near, index) & reinterpret_cast<const Eight&>(is_set);
      current += rank[7];
    }
    std::memcpy(labels + x, &result, static_cast<std::size_t>(count) * sizeof *labels);
  }
}

}  // namespace

Body components(Work& work, const Pixels& mask, DType mask_type, const Pixels& labels,
                const Shape& image_shape, bool box) {
  require_countable(image_shape);
  Shape shape = image_shape;
  // Columns lie in memory as rows do.
  for (int i = 0; i < 2 && shape.x == 1; ++i) shape = {shape.y, shape.z, 1};
  const std::int64_t rows = Runs::rows(shape), most_runs = Runs::most_runs(shape);
  const auto scratch = [&]<class T>(std::type_identity<T>, std::int64_t count) {
    return work.scratch(static_cast<std::size_t>(count) * sizeof(T));
  };
  constexpr std::type_identity<std::uint32_t> number;
  const Pixels bits = scratch(std::type_identity<std::uint64_t>(), rows * Runs::words(shape)),
               starts = scratch(number, rows + 1),
               parents = scratch(number, most_runs + 9),  // see paint_row()
      numbers = scratch(number, most_runs),
               sums = work.scratch(enumeration_bytes(std::max(rows, most_runs)));
  return visit_grey(mask_type, [&]<class T>(std::type_identity<T>) -> Body {
    return [=] {
      const Runs runs{shape, bits.scratch<std::uint64_t>(), starts.scratch<std::uint32_t>(),
                      parents.scratch<std::uint32_t>() + 1};
      find_runs(mask.as<T>(), runs, sums.scratch<std::uint32_t>());
      unite_runs(runs, box);
      number_runs(runs.parents, runs.starts[rows], numbers.scratch<std::uint32_t>(),
                  sums.scratch<std::uint32_t>());
      for_each_row(shape, [&, to = labels.as<std::uint32_t>()](std::int64_t y, std::int64_t z) {
        const std::int64_t row = runs.row(y, z);
        paint_row(runs.row_bits(row), runs.words(), shape.x, runs.parents + runs.starts[row],
                  to + offset(shape, 0, y, z));
      });
    };
  });
}

Body connected_components(Work& work) {
  return components(work, work.input(), work.dtype(), work.output(), work.shape(),
                    box_neighbours(work.parameters()));
}

}  // namespace voxelmark::tbb_operations
