#include "engines/operations/label_statistics.hpp"

#include <atomic>

#include "engines/tbb/reductions.hpp"

namespace voxelmark::tbb_operations {

namespace {

template <class T>
void add(T& sum, T value) {
  std::atomic_ref(sum).fetch_add(value, std::memory_order_relaxed);
}

/// Replaces `best` by `value` where that comes first.
template <class T, class Before>
void improve(T& best, T value, const Before& before) {
  std::atomic_ref shared(best);
  for (T now = shared.load(std::memory_order_relaxed);
       before(value, now) &&
       !shared.compare_exchange_weak(now, value, std::memory_order_relaxed);) {
  }
}

/// f(label, x, n, y, z) for each run of one label along x. Labels above `largest` are background:
/// plans run once before there is an image.
template <class F>
void for_each_run(const std::uint32_t* labels, const Shape& shape, std::int64_t largest,
                  const F& f) {
  for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
    const std::uint32_t* const row = labels + offset(shape, 0, y, z);
    for (std::int64_t x = 0; x < shape.x;) {
      const std::uint32_t label = row[x];
      const std::int64_t first = x;
      while (x < shape.x && row[x] == label) ++x;
      if (label != 0 && label <= largest) f(label, first, x - first, y, z);
    }
  });
}

struct Label {
  LabelSums sums;
  LabelIntensity intensity{0, std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()};
};

void join(LabelSums& to, const LabelSums& run) {
  add(to.count, run.count);
  for (int i = 0; i < 3; ++i) add(to.first[i], run.first[i]);
  for (int i = 0; i < 6; ++i) add(to.products[i], run.products[i]);
  for (int i = 0; i < 3; ++i) {
    improve(to.low[i], run.low[i], std::less<>());
    improve(to.high[i], run.high[i], std::greater<>());
  }
}

/// The grey levels of a run.
template <class T>
void join(LabelIntensity& to, const T* values, std::int64_t count) {
  add(to.sum, sum_of_block(values, count, [](double value) { return value; }));
  const auto [least, greatest] = std::minmax_element(values, values + count);
  improve(to.minimum, static_cast<double>(*least), std::less<>());
  improve(to.maximum, static_cast<double>(*greatest), std::greater<>());
}

/// Scratch with one T for each label: entry label - 1.
template <class T>
Pixels per_label(Work& work) {
  return work.scratch(static_cast<std::size_t>(std::max<std::int64_t>(1, work.largest_label())) *
                      sizeof(T));
}

template <class T>
T* cleared(const Pixels& scratch, std::int64_t largest) {
  T* const all = scratch.scratch<T>();
  std::fill_n(all, largest, T());
  return all;
}

/// The table's rows, from label 1 on, each by row(label, measured); without labels that of label 1.
template <class Row>
void write_rows(double* table, const Label* all, std::int64_t largest, const Row& row) {
  const auto write = [&](std::int64_t label, const Label& measured) {
    const auto values = row(label, measured);
    std::copy(values.begin(), values.end(),
              table + (label - 1) * static_cast<std::int64_t>(values.size()));
  };
  if (largest == 0) write(1, Label());
  tbb::parallel_for(std::int64_t{1}, largest + 1,
                    [&](std::int64_t label) { write(label, all[label - 1]); });
}

/// Numbers labels anew: numbers[label - 1] holds 1 where a label stays, and then its new number.
void renumber(const std::uint32_t* labels, const Shape& shape, std::uint32_t* numbers,
              std::int64_t largest, std::uint32_t* output) {
  std::uint32_t next = 0;
  for (std::int64_t i = 0; i < largest; ++i) numbers[i] = numbers[i] ? ++next : 0;
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, shape.voxels(), voxels_per_task), [=](const auto& range) {
        for (auto i = range.begin(); i < range.end(); ++i)
          output[i] = labels[i] == 0 || labels[i] > largest ? 0 : numbers[labels[i] - 1];
      });
}

}  // namespace

Body count_labels(Work& work) {
  return [input = work.input(), output = work.output(), shape = work.shape(),
          largest = work.largest_label(), scratch = per_label<std::uint32_t>(work)] {
    auto* const seen = cleared<std::uint32_t>(scratch, largest);
    for_each_run(input.as<std::uint32_t>(), shape, largest, [=](std::uint32_t label, auto...) {
      std::atomic_ref(seen[label - 1]).store(1, std::memory_order_relaxed);
    });
    *output.as<double>() = static_cast<double>(std::count(seen, seen + largest, 1u));
  };
}

namespace {

/// `rows` gives the memory of the table, when running.
template <class Rows>
Body centroids_into(Work& work, const Pixels& labels, Rows rows) {
  return [labels, rows, shape = work.shape(), largest = work.largest_label(),
          scratch = per_label<Label>(work)] {
    Label* const all = cleared<Label>(scratch, largest);
    for_each_run(
        labels.as<std::uint32_t>(), shape, largest,
        [=](std::uint32_t label, std::int64_t x, std::int64_t n, std::int64_t y, std::int64_t z) {
          const LabelSums run = LabelSums::run(x, n, y, z);
          LabelSums& sums = all[label - 1].sums;
          add(sums.count, run.count);
          for (int i = 0; i < 3; ++i) add(sums.first[i], run.first[i]);
          for (int i = 0; i < 3; ++i) improve(sums.low[i], run.low[i], std::less<>());
        });
    write_rows(rows(), all, largest, [](std::int64_t label, const Label& measured) {
      return centroid_row(label, measured.sums);
    });
  };
}

}  // namespace

Body centroids(Work& work) {
  return centroids_into(work, work.input(),
                        [output = work.output()] { return output.as<double>(); });
}

Body label_centroids(Work& work, const Pixels& labels, const Pixels& table) {
  return centroids_into(work, labels, [table] { return table.scratch<double>(); });
}

Body label_statistics(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [image = work.input(0), labels = work.input(1), output = work.output(),
            shape = work.shape(), largest = work.largest_label(), dims = work.operation().dims,
            scratch = per_label<Label>(work)] {
      Label* const all = cleared<Label>(scratch, largest);
      const T* const pixels = image.as<T>();
      for_each_run(
          labels.as<std::uint32_t>(), shape, largest,
          [=](std::uint32_t label, std::int64_t x, std::int64_t n, std::int64_t y, std::int64_t z) {
            join(all[label - 1].sums, LabelSums::run(x, n, y, z));
            join(all[label - 1].intensity, pixels + offset(shape, x, y, z), n);
          });
      write_rows(output.as<double>(), all, largest, [=](std::int64_t label, const Label& measured) {
        return label_statistics_row(label, measured.sums, measured.intensity, dims);
      });
    };
  });
}

Body exclude_labels_on_edges(Work& work) {
  return [input = work.input(), output = work.output(), shape = work.shape(),
          deep = work.operation().dims == 3, largest = work.largest_label(),
          scratch = per_label<std::uint32_t>(work)] {
    constexpr std::uint32_t seen = 1, on_edge = 2;
    auto* const states = cleared<std::uint32_t>(scratch, largest);
    const auto* const labels = input.as<std::uint32_t>();
    for_each_run(
        labels, shape, largest,
        [=](std::uint32_t label, std::int64_t x, std::int64_t n, std::int64_t y, std::int64_t z) {
          const bool edge = x == 0 || x + n == shape.x || y == 0 || y == shape.y - 1 ||
                            (deep && (z == 0 || z == shape.z - 1));
          std::atomic_ref(states[label - 1])
              .fetch_or(edge ? seen | on_edge : seen, std::memory_order_relaxed);
        });
    for (std::int64_t i = 0; i < largest; ++i) states[i] = states[i] == seen;
    renumber(labels, shape, states, largest, output.as<std::uint32_t>());
  };
}

Body exclude_labels_outside_size_range(Work& work) {
  return [input = work.input(), output = work.output(), shape = work.shape(),
          largest = work.largest_label(),
          fewest = static_cast<double>(work.parameters().number("minimum_size")),
          most = static_cast<double>(work.parameters().number("maximum_size")),
          counts = per_label<std::uint64_t>(work), numbers = per_label<std::uint32_t>(work)] {
    auto* const sizes = cleared<std::uint64_t>(counts, largest);
    auto* const stays = cleared<std::uint32_t>(numbers, largest);
    const auto* const labels = input.as<std::uint32_t>();
    for_each_run(labels, shape, largest,
                 [=](std::uint32_t label, std::int64_t, std::int64_t n, auto...) {
                   add(sizes[label - 1], static_cast<std::uint64_t>(n));
                 });
    for (std::int64_t i = 0; i < largest; ++i) {
      const auto size = static_cast<double>(sizes[i]);
      stays[i] = size > 0 && fewest <= size && size <= most;
    }
    renumber(labels, shape, stays, largest, output.as<std::uint32_t>());
  };
}

Body exclude_labels_outside_mean_range(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    struct Sum {
      std::uint64_t count = 0;
      double sum = 0;
    };
    return [image = work.input(0), input = work.input(1), output = work.output(),
            shape = work.shape(), largest = work.largest_label(),
            least = static_cast<double>(work.parameters().number("minimum")),
            greatest = static_cast<double>(work.parameters().number("maximum")),
            sums = per_label<Sum>(work), numbers = per_label<std::uint32_t>(work)] {
      auto* const all = cleared<Sum>(sums, largest);
      auto* const stays = cleared<std::uint32_t>(numbers, largest);
      const auto* const labels = input.as<std::uint32_t>();
      const T* const pixels = image.as<T>();
      for_each_run(
          labels, shape, largest,
          [=](std::uint32_t label, std::int64_t x, std::int64_t n, std::int64_t y, std::int64_t z) {
            add(all[label - 1].count, static_cast<std::uint64_t>(n));
            add(all[label - 1].sum, sum_of_block(pixels + offset(shape, x, y, z), n,
                                                 [](double value) { return value; }));
          });
      for (std::int64_t i = 0; i < largest; ++i) {
        const double mean = all[i].sum / static_cast<double>(all[i].count);
        stays[i] = all[i].count > 0 && least <= mean && mean <= greatest;
      }
      renumber(labels, shape, stays, largest, output.as<std::uint32_t>());
    };
  });
}

}  // namespace voxelmark::tbb_operations
