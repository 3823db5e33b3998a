#include "engines/operations/otsu_labeling.hpp"

#include <tbb/parallel_for.h>

#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/operations/detect_maxima.hpp"
#include "engines/operations/erode_dilate.hpp"
#include "engines/operations/minimum_maximum.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

/// The image under another operation, with parameters beside the defaults.
Image filtered(const Operation& operation, const Image& image, DType to,
               const std::vector<std::pair<std::string, ParameterValue>>& values) {
  Parameters parameters(operation.parameters);
  for (const auto& [name, value] : values) parameters.set(name, value);
  Image result(image.shape(), to);
  compute({operation, parameters, {&image}}, result);
  return result;
}

Image blurred(const Job& job, const std::string& sigma) {
  return filtered(voxelmark::gaussian_blur(3), job.input(), DType::f32,
                  {{"sigma", job.parameters.per_axis(sigma)}});
}

Image otsu_mask(const Job& job) {
  Image mask(job.input().shape(), DType::u8);
  auto_threshold(blurred(job, "outline_sigma"), "otsu", mask);
  return mask;
}

/// A voxel of a seed: first by component, then in raster order.
using Seed = std::pair<std::uint32_t, std::int64_t>;

/// The label of the component's seed that is nearest to voxel i, found outward slice by slice and
/// in each of them row by row.
std::uint32_t nearest_of_component(const Shape& shape, std::int64_t i, std::uint32_t component,
                                   const std::vector<Seed>& sorted,
                                   std::span<const std::uint32_t> labels) {
  const auto square = [](std::int64_t d) { return d * d; };
  const std::int64_t x = i % shape.x, y = i / shape.x % shape.y, z = i / shape.x / shape.y;
  std::int64_t best = no_distance;
  std::uint32_t label = 0;
  // Whether the seed's row may hold the nearest one; takes the seed where it is nearer.
  const auto consider = [&](const Seed& seed, std::int64_t slice) {
    const std::int64_t sx = seed.second % shape.x, sy = seed.second / shape.x % shape.y,
                       sz = seed.second / shape.x / shape.y;
    if (seed.first != component || sz != slice || square(sz - z) + square(sy - y) > best)
      return false;
    const std::int64_t squared = square(sz - z) + square(sy - y) + square(sx - x);
    const std::uint32_t its_label = labels[static_cast<std::size_t>(seed.second)];
    if (squared < best || (squared == best && its_label < label)) {
      best = squared;
      label = its_label;
    }
    return true;
  };
  for (std::int64_t d = 0; d < shape.z && square(d) <= best; ++d)
    for (const std::int64_t slice : {z - d, z + d}) {
      if (slice < 0 || slice >= shape.z) continue;
      const auto from = std::lower_bound(sorted.begin(), sorted.end(),
                                         Seed{component, offset(shape, 0, y, slice)});
      for (auto seed = from; seed != sorted.end() && consider(*seed, slice);) ++seed;
      for (auto seed = from; seed != sorted.begin() && consider(*std::prev(seed), slice);) --seed;
    }
  return label;
}

/// The nearest seed of all is right where it lies in the voxel's own component; elsewhere it is
/// looked for among that component's seeds.
void regrow(const Image& mask, const Image& seed_image, Image& output) {
  const Shape& shape = mask.shape();
  Image component_image(shape, DType::u32);
  const std::uint32_t count = label_components(mask, true, component_image);
  const auto components = std::as_const(component_image).pixels<std::uint32_t>();
  const auto seeds = seed_image.pixels<std::uint32_t>();
  std::vector<std::uint32_t> component_of(1, 0);
  std::vector<char> has_seed(std::size_t{count} + 1, 0);
  std::vector<Seed> sorted;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (seeds[i] == 0) continue;
    if (component_of.size() <= seeds[i]) component_of.resize(std::size_t{seeds[i]} + 1);
    component_of[seeds[i]] = components[i];
    has_seed[components[i]] = 1;
    sorted.emplace_back(components[i], static_cast<std::int64_t>(i));
  }
  std::sort(sorted.begin(), sorted.end());
  label_nearest(seed_image, {}, output);
  const auto labels = output.pixels<std::uint32_t>();
  tbb::parallel_for(std::int64_t{0}, shape.y * shape.z, [&](std::int64_t row) {
    if (interrupt_requested) throw Interrupted();
    for (std::int64_t i = row * shape.x; i < (row + 1) * shape.x; ++i) {
      const auto voxel = static_cast<std::size_t>(i);
      if (components[voxel] == 0 || !has_seed[components[voxel]])
        labels[voxel] = 0;
      else if (component_of[labels[voxel]] != components[voxel])
        labels[voxel] = nearest_of_component(shape, i, components[voxel], sorted, seeds);
    }
  });
}

}  // namespace

void voronoi_otsu_labeling(const Job& job, Image& output) {
  const Image mask = otsu_mask(job), spots = blurred(job, "spot_sigma");
  const Image highest = filtered(extreme_filter(Extreme::maximum, 3), spots, DType::f32,
                                 {{"window", std::string("box")}, {"radius", PerAxis{1, 1, 1}}});
  Image maxima(mask.shape(), DType::u8), seeds(mask.shape(), DType::u32);
  mark_maxima(spots, highest, no_floor, maxima);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < mask.pixels<std::uint8_t>().size(); ++i)
    seeds.pixels<std::uint32_t>()[i] =
        maxima.pixels<std::uint8_t>()[i] && mask.pixels<std::uint8_t>()[i] ? ++number : 0;
  regrow(mask, seeds, output);
}

void gauss_otsu_labeling(const Job& job, Image& output) {
  label_components(otsu_mask(job), true, output);
}

void eroded_otsu_labeling(const Job& job, Image& output) {
  const Image mask = otsu_mask(job);
  Image eroded = mask.clone();
  for (float n = 0; n < job.parameters.number("erosions"); ++n)
    eroded =
        filtered(binary_morphology(Extreme::minimum, job.operation.dims), eroded, DType::u8, {});
  Image seeds(mask.shape(), DType::u32);
  label_components(eroded, true, seeds);
  regrow(mask, seeds, output);
}

}  // namespace voxelmark::reference
