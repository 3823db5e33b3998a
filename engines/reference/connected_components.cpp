#include "engines/operations/connected_components.hpp"

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

std::uint32_t label_components(const Image& mask, bool box, Image& labels) {
  const Shape& shape = mask.shape();
  require_countable(shape);
  const auto result = labels.pixels<std::uint32_t>();
  std::fill(result.begin(), result.end(), 0u);
  std::uint32_t count = 0;
  std::vector<std::uint32_t> to_visit;
  visit_grey(mask.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto from = mask.pixels<T>();
    const auto take = [&](std::size_t i) {
      if (result[i] != 0 || from[i] == T{0} || is_nan(from[i])) return;
      result[i] = count;
      to_visit.push_back(static_cast<std::uint32_t>(i));
    };
    for (std::size_t first = 0; first < from.size(); ++first) {
      if (result[first] != 0 || from[first] == T{0} || is_nan(from[first])) continue;
      ++count;
      take(first);
      while (!to_visit.empty()) {
        const std::int64_t i = to_visit.back();
        to_visit.pop_back();
        for_each_neighbour(shape, i, box, take);
      }
    }
  });
  return count;
}

void connected_components(const Job& job, Image& output) {
  label_components(job.input(), box_neighbours(job.parameters), output);
}

}  // namespace voxelmark::reference
