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

/// numbers[r] = the number, from 1 on, of the root r among all roots. Of other runs it is anything.
/// Makes each run's root its parent.
void number_roots(std::uint32_t* parents, std::int64_t runs, std::uint32_t* numbers,
                  std::uint32_t* counts) {
  const std::int64_t tasks = (runs + voxels_per_task - 1) / voxels_per_task;
  const auto each = [&](std::int64_t task, const auto& f) {
    const auto end = static_cast<std::uint32_t>(std::min(runs, (task + 1) * voxels_per_task));
    for (auto i = static_cast<std::uint32_t>(task * voxels_per_task); i < end; ++i) f(i);
  };
  tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
    std::uint32_t count = 0;
    each(task, [&](std::uint32_t i) {
      const std::uint32_t root = find_root(parents, i);
      if (parent_of(parents, i) != root)
        std::atomic_ref(parents[i]).store(root, std::memory_order_relaxed);
      count += root == i;
    });
    counts[task] = count;
  });
  std::exclusive_scan(counts, counts + tasks, counts, std::uint32_t{0});
  tbb::parallel_for(std::int64_t{0}, tasks, [&](std::int64_t task) {
    std::uint32_t number = counts[task];
    each(task, [&](std::uint32_t i) { numbers[i] = number += parents[i] == i; });
  });
}

/// A row of labels from its runs' ones.
void paint_row(const std::uint64_t* bits, std::int64_t words, std::int64_t width,
               const std::uint32_t* parents, const std::uint32_t* numbers, std::uint32_t* labels) {
  constexpr std::int64_t at_once = 8;
  std::int64_t begin = 0;  // of what has one label
  std::uint32_t label = 0;
  // A few voxels are written ahead, however many follow: most runs of noise are shorter.
  const auto start = [&] {
    std::fill_n(labels + begin, begin + at_once <= width ? at_once : width - begin, label);
  };
  const auto end = [&](std::int64_t x) {
    if (x > begin + at_once) std::fill(labels + begin + at_once, labels + x, label);
  };
  start();
  bool foreground = false;
  for (std::int64_t k = 0; k < words; ++k)
    for (std::uint64_t changes = bits[k] ^ moved(bits, k); changes != 0; changes &= changes - 1) {
      const std::int64_t x = k * Runs::word_bits + std::countr_zero(changes);
      if (x >= width) break;
      end(x);
      foreground = !foreground;
      label = foreground ? numbers[*parents++] : 0;
      begin = x;
      start();
    }
  end(width);
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
               starts = scratch(number, rows + 1), parents = scratch(number, most_runs),
               numbers = scratch(number, most_runs),
               sums = work.scratch(enumeration_bytes(std::max(rows, most_runs)));
  return visit_grey(mask_type, [&]<class T>(std::type_identity<T>) -> Body {
    return [=] {
      const Runs runs{shape, bits.scratch<std::uint64_t>(), starts.scratch<std::uint32_t>(),
                      parents.scratch<std::uint32_t>()};
      auto* const number_of = numbers.scratch<std::uint32_t>();
      find_runs(mask.as<T>(), runs, sums.scratch<std::uint32_t>());
      unite_runs(runs, box);
      number_roots(runs.parents, runs.starts[rows], number_of, sums.scratch<std::uint32_t>());
      for_each_row(shape, [&, to = labels.as<std::uint32_t>()](std::int64_t y, std::int64_t z) {
        const std::int64_t row = runs.row(y, z);
        paint_row(runs.row_bits(row), runs.words(), shape.x, runs.parents + runs.starts[row],
                  number_of, to + offset(shape, 0, y, z));
      });
    };
  });
}

Body connected_components(Work& work) {
  return components(work, work.input(), work.dtype(), work.output(), work.shape(),
                    box_neighbours(work.parameters()));
}

}  // namespace voxelmark::tbb_operations
