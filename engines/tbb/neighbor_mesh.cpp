#include "engines/operations/neighbor_mesh.hpp"

#include <atomic>
#include <bit>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Which labels touch: of each label 1 .. `rows` a bit per label, in `words` words.
struct Touching {
  std::uint32_t* bits;
  std::int64_t rows, words;

  void clear() const {
    tbb::parallel_for(std::int64_t{0}, rows,
                      [*this](std::int64_t row) { std::fill_n(bits + row * words, words, 0u); });
  }
  void mark(std::uint32_t a, std::uint32_t b) const {
    if (a == b || a == 0 || b == 0 || a > rows || b > rows) return;
    for (const auto& [one, other] : {std::pair(a - 1, b - 1), std::pair(b - 1, a - 1)})
      std::atomic_ref(bits[one * words + other / 32])
          .fetch_or(1u << other % 32, std::memory_order_relaxed);
  }
  void mark_all(const std::uint32_t* labels, const Shape& shape) const {
    for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
      const auto* const row = labels + offset(shape, 0, y, z);
      for (std::int64_t x = 0; x < shape.x; ++x) {
        if (x + 1 < shape.x) mark(row[x], row[x + 1]);
        if (y + 1 < shape.y) mark(row[x], row[x + shape.x]);
        if (z + 1 < shape.z) mark(row[x], row[x + shape.x * shape.y]);
      }
    });
  }
  template <class F>
  void for_each_of(std::int64_t row, const F& f) const {
    for (std::int64_t word = 0; word < words; ++word)
      for (std::uint32_t left = bits[row * words + word]; left != 0; left &= left - 1)
        f(word * 32 + std::countr_zero(left));
  }
};

}  // namespace

Body neighbor_mesh(Work& work) {
  const std::int64_t rows = std::max<std::int64_t>(1, work.largest_label());
  const std::int64_t words = (rows + 31) / 32;
  const auto bytes = static_cast<std::size_t>(rows * words) * sizeof(std::uint32_t);
  if (bytes > host_memory_available())
    throw TooLarge("the table of touching labels needs " + human_bytes(static_cast<double>(bytes)) +
                   "; the machine has " +
                   human_bytes(static_cast<double>(host_memory_available())) + " left");
  const Pixels bits = work.scratch(bytes),
               table = work.scratch(static_cast<std::size_t>(rows) * 4 * sizeof(double));
  const auto spacing = work.parameters().per_axis("spacing");
  const auto cosine = cone_cosine(work.parameters());
  return [=, input = work.input(), output = work.output(), shape = work.shape(),
          find_centroids = label_centroids(work, work.input(), table)] {
    find_centroids();
    std::vector<Node> nodes(static_cast<std::size_t>(rows));
    const double* const centroid = table.scratch<double>();
    for (std::int64_t i = 0; i < rows; ++i)
      nodes[i] = mesh_node(
          {centroid[4 * i], centroid[4 * i + 1], centroid[4 * i + 2], centroid[4 * i + 3]},
          spacing);

    const Touching touching{bits.scratch<std::uint32_t>(), rows, words};
    touching.clear();
    touching.mark_all(input.as<std::uint32_t>(), shape);

    const Node mean = mean_node(nodes);
    tbb::parallel_for(std::int64_t{0}, rows, [&](std::int64_t i) {
      double distances = 0, count = 0;
      touching.for_each_of(i, [&](std::int64_t other) {
        distances += node_distance(nodes[i], nodes[other]);
        ++count;
      });
      bool met = false;
      for (std::int64_t j = 0; j < rows && !met; ++j)
        met = j != i && lies_ahead(nodes[i], mean, nodes[j], cosine);
      double* const row = output.as<double>() + 4 * i;
      row[0] = static_cast<double>(i + 1);
      row[1] = count;
      row[2] = distances / count;
      row[3] = std::isnan(nodes[i][0]) ? absent : met ? 0 : 1;
    });
  };
}

}  // namespace voxelmark::tbb_operations
