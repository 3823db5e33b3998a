#include "engines/operations/detect_maxima.hpp"

#include "engines/operations/minimum_maximum.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

// Plateau by plateau.
void mark_maxima(const Image& image, const Image& highest, float floor, Image& mask) {
  const Shape& shape = image.shape();
  const auto marks = mask.pixels<std::uint8_t>();
  std::fill(marks.begin(), marks.end(), std::uint8_t{0});
  std::vector<bool> seen(marks.size(), false);
  std::vector<std::size_t> plateau;
  visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto values = image.pixels<T>(), most = highest.pixels<T>();
    for (std::size_t first = 0; first < values.size(); ++first) {
      if (seen[first]) continue;
      const T value = values[first];
      bool is_maximum = static_cast<float>(value) > floor;
      seen[first] = true;
      plateau.assign(1, first);
      while (!plateau.empty()) {
        const std::size_t i = plateau.back();
        plateau.pop_back();
        if (most[i] > value) is_maximum = false;
        for_each_neighbour(shape, static_cast<std::int64_t>(i), true, [&](std::size_t next) {
          if (seen[next] || !(values[next] == value)) return;
          seen[next] = true;
          plateau.push_back(next);
        });
      }
      marks[first] = is_maximum;
    }
  });
}

void detect_maxima(const Job& job, Image& output) {
  const Operation filter = extreme_filter(Extreme::maximum, 3);
  Parameters box(filter.parameters);
  box.set("window", std::string("box"));
  box.set("radius", job.parameters.per_axis("radius"));
  Image highest(job.input().shape(), job.input().dtype());
  compute({filter, box, job.inputs}, highest);
  mark_maxima(job.input(), highest, job.parameters.number("floor"), output);
}

}  // namespace voxelmark::reference
