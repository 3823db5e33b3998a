#include "engines/operations/label_statistics.hpp"

#include <cmath>
#include <map>

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

struct Label {
  LabelSums sums;
  LabelIntensity intensity;
};

/// What is known of each label that occurs; `image` may be null.
std::map<std::uint32_t, Label> measure(const Image& labels, const Image* image) {
  std::map<std::uint32_t, Label> all;
  const Shape& shape = labels.shape();
  const auto pixels = labels.pixels<std::uint32_t>();
  std::uint32_t current = 0;
  Label* entry = nullptr;
  std::size_t i = 0;
  for (std::int64_t z = 0; z < shape.z; ++z)
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x, ++i) {
        if (pixels[i] == 0) continue;
        if (pixels[i] != current || !entry) entry = &all[current = pixels[i]];
        LabelSums& sums = entry->sums;
        const std::array<std::int64_t, 3> place{x, y, z};
        for (int a = 0; a < 3; ++a) {
          sums.first[a] += static_cast<std::uint64_t>(place[a]);
          for (int b = a; b < 3; ++b)
            sums.products[product_of[a][b]] += static_cast<std::uint64_t>(place[a] * place[b]);
          sums.low[a] = std::min(sums.low[a], place[a]);
          sums.high[a] = std::max(sums.high[a], place[a]);
        }
        ++sums.count;
        if (!image) continue;
        const double value = clamped(*image, x, y, z);
        LabelIntensity& intensity = entry->intensity;
        intensity.minimum = sums.count == 1 ? value : std::fmin(intensity.minimum, value);
        intensity.maximum = sums.count == 1 ? value : std::fmax(intensity.maximum, value);
        intensity.sum += value;
      }
  return all;
}

/// One row a label, from 1 on.
template <class Row>
void write_rows(const std::map<std::uint32_t, Label>& all, Image& table, const Row& row) {
  const auto cells = table.pixels<double>();
  for (std::int64_t label = 1; label <= table.shape().y; ++label) {
    const auto found = all.find(static_cast<std::uint32_t>(label));
    const auto values = row(label, found == all.end() ? Label{} : found->second);
    std::copy(values.begin(), values.end(), cells.begin() + (label - 1) * table.shape().x);
  }
}

/// Numbers the labels that `stays` lets stay anew.
template <class Stays>
void keep(const Image& labels, const std::map<std::uint32_t, Label>& all, Image& output,
          const Stays& stays) {
  std::map<std::uint32_t, std::uint32_t> renumbered{{0, 0}};
  std::uint32_t next = 0;
  for (const auto& [label, measured] : all) renumbered[label] = stays(measured) ? ++next : 0;
  const auto pixels = labels.pixels<std::uint32_t>();
  std::transform(pixels.begin(), pixels.end(), output.pixels<std::uint32_t>().begin(),
                 [&](std::uint32_t label) { return renumbered[label]; });
}

}  // namespace

void count_labels(const Job& job, Image& output) {
  output.pixels<double>()[0] = static_cast<double>(measure(job.input(), nullptr).size());
}

void centroids(const Job& job, Image& output) {
  write_rows(measure(job.input(), nullptr), output, [](std::int64_t label, const Label& measured) {
    return centroid_row(label, measured.sums);
  });
}

void label_statistics(const Job& job, Image& output) {
  write_rows(measure(*job.inputs[1], job.inputs[0]), output,
             [&](std::int64_t label, const Label& measured) {
               return label_statistics_row(label, measured.sums, measured.intensity,
                                           job.operation.dims);
             });
}

void exclude_labels_on_edges(const Job& job, Image& output) {
  const Shape shape = job.input().shape();
  const bool deep = job.operation.dims == 3;
  keep(job.input(), measure(job.input(), nullptr), output, [&](const Label& label) {
    const auto& [low, high] = std::pair(label.sums.low, label.sums.high);
    return low[0] > 0 && low[1] > 0 && high[0] < shape.x - 1 && high[1] < shape.y - 1 &&
           (!deep || (low[2] > 0 && high[2] < shape.z - 1));
  });
}

void exclude_labels_outside_size_range(const Job& job, Image& output) {
  const double fewest = static_cast<double>(job.parameters.number("minimum_size")),
               most = static_cast<double>(job.parameters.number("maximum_size"));
  keep(job.input(), measure(job.input(), nullptr), output, [=](const Label& label) {
    const double size = static_cast<double>(label.sums.count);
    return fewest <= size && size <= most;
  });
}

void exclude_labels_outside_mean_range(const Job& job, Image& output) {
  const double least = static_cast<double>(job.parameters.number("minimum")),
               greatest = static_cast<double>(job.parameters.number("maximum"));
  keep(*job.inputs[1], measure(*job.inputs[1], job.inputs[0]), output, [=](const Label& label) {
    const double mean = label.intensity.sum / static_cast<double>(label.sums.count);
    return least <= mean && mean <= greatest;
  });
}

}  // namespace voxelmark::reference
