#include "engines/operations/otsu_labeling.hpp"

#include <cmath>

#include "engines/operations/detect_maxima.hpp"
#include "engines/tbb/union_find.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// The mask of Otsu's threshold on the blurred input.
Body otsu_mask(Work& work, const Pixels& mask) {
  const Shape& shape = work.shape();
  const Pixels blurred = work.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(float));
  const Body smooth = blur(work, work.input(), work.dtype(), blurred, DType::f32, shape,
                           work.parameters().per_axis("outline_sigma"));
  const Body cut = auto_threshold(work, blurred, DType::f32, mask, shape, "otsu");
  return [=] {
    smooth();
    cut();
  };
}

template <class F>
void for_each_index(std::int64_t count, const F& f) {
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, count, voxels_per_task),
                    [&](const auto& range) {
                      for (auto i = range.begin(); i < range.end(); ++i) f(i);
                    });
}

std::uint32_t add(std::uint32_t& counter, std::uint32_t value) {
  return std::atomic_ref(counter).fetch_add(value, std::memory_order_relaxed);
}

/// The seeds of each component of the mask, as lists one behind the other. Of a seed of several
/// voxels its outermost ones suffice: a way to any other one leads past these.
struct SeedLists {
  Shape shape;
  const std::uint32_t* components;
  const std::uint32_t* seeds;
  std::uint32_t* starts;  ///< starts[c] … starts[c + 1] is component c's list
  std::uint32_t* voxels;

  bool is_outermost(std::int64_t x, std::int64_t y, std::int64_t z) const {
    const std::int64_t i = offset(shape, x, y, z), plane = shape.x * shape.y;
    const std::uint32_t label = seeds[i];
    return (x > 0 && seeds[i - 1] != label) || (x + 1 < shape.x && seeds[i + 1] != label) ||
           (y > 0 && seeds[i - shape.x] != label) ||
           (y + 1 < shape.y && seeds[i + shape.x] != label) ||
           (z > 0 && seeds[i - plane] != label) || (z + 1 < shape.z && seeds[i + plane] != label);
  }

  template <class F>
  void for_each_seed(const F& f) const {
    for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
      const std::int64_t row = offset(shape, 0, y, z);
      for (std::int64_t x = 0; x < shape.x; ++x)
        if (seeds[row + x] != 0 && is_outermost(x, y, z)) f(row + x);
    });
  }

  /// `sums` is scratch of enumeration_bytes(voxels + 2).
  void fill(std::uint32_t* sums) const {
    const std::int64_t slots = shape.voxels() + 2;
    for_each_index(slots, [&](std::int64_t c) { starts[c] = 0; });
    for_each_seed([&](std::int64_t i) { add(starts[components[i]], 1); });
    inclusive_scan(starts, slots, sums);
    for_each_seed([&](std::int64_t i) {
      voxels[add(starts[components[i]], ~0u) - 1] = static_cast<std::uint32_t>(i);
    });
  }

  /// The label of the component's seed that is nearest to voxel i; 0 where it has none. Looks
  /// around the voxel, ever further, while that takes fewer steps than the component has seeds.
  std::uint32_t nearest(std::int64_t i, std::uint32_t component) const {
    const std::int64_t x = i % shape.x, y = i / shape.x % shape.y, z = i / shape.x / shape.y;
    std::int64_t best = no_distance;
    std::uint32_t label = 0;
    const auto consider = [&](std::int64_t j, std::int64_t squared) {
      if (squared < best || (squared == best && seeds[j] < label)) {
        best = squared;
        label = seeds[j];
      }
    };
    const std::uint32_t *const begin = voxels + starts[component], *const end =
                                                                       voxels +
                                                                       starts[component + 1];
    for (std::int64_t r = 2;; r *= 2) {
      const auto low = [r](std::int64_t at) { return std::max<std::int64_t>(at - r, 0); };
      const auto high = [r](std::int64_t at, std::int64_t extent) {
        return std::min(at + r, extent - 1);
      };
      const std::int64_t x1 = high(x, shape.x), y1 = high(y, shape.y), z1 = high(z, shape.z);
      if ((x1 - low(x) + 1) * (y1 - low(y) + 1) * (z1 - low(z) + 1) >= end - begin) break;
      for (std::int64_t zz = low(z); zz <= z1; ++zz)
        for (std::int64_t yy = low(y); yy <= y1; ++yy)
          for (std::int64_t xx = low(x); xx <= x1; ++xx) {
            const std::int64_t j = offset(shape, xx, yy, zz);
            if (seeds[j] != 0 && components[j] == component)
              consider(j, (xx - x) * (xx - x) + (yy - y) * (yy - y) + (zz - z) * (zz - z));
          }
      if (best <= r * r) return label;
    }
    for (const std::uint32_t* seed = begin; seed != end; ++seed) {
      const std::int64_t j = *seed;
      const std::int64_t dx = j % shape.x - x, dy = j / shape.x % shape.y - y,
                         dz = j / shape.x / shape.y - z;
      consider(j, dx * dx + dy * dy + dz * dz);
    }
    return label;
  }
};

/// Each voxel of the mask takes the nearest seed of its own component. The nearest seed of all is
/// that wherever it lies in the component.
Body regrow(Work& work, const Pixels& mask, const Pixels& seeds, const Pixels& output,
            const Shape& shape) {
  const std::int64_t voxels = shape.voxels();
  const auto table = [&] {
    return work.scratch(static_cast<std::size_t>(voxels + 2) * sizeof(std::uint32_t));
  };
  const Pixels component_memory = table(), component_of = table(), starts = table(), list = table(),
               sums = work.scratch(enumeration_bytes(voxels + 2));
  const Body find_components = components(work, mask, DType::u8, component_memory, shape, true),
             find_nearest = nearest_label(work, seeds, output, shape, {});
  return [=] {
    find_components();
    find_nearest();
    auto* const labels = output.as<std::uint32_t>();
    auto* const owner = component_of.as<std::uint32_t>();
    const SeedLists lists{shape, component_memory.as<std::uint32_t>(), seeds.as<std::uint32_t>(),
                          starts.as<std::uint32_t>(), list.as<std::uint32_t>()};
    lists.fill(sums.as<std::uint32_t>());
    lists.for_each_seed([&](std::int64_t i) {
      std::atomic_ref(owner[lists.seeds[i]]).store(lists.components[i], std::memory_order_relaxed);
    });
    for_each_index(voxels, [&](std::int64_t i) {
      const std::uint32_t component = lists.components[i];
      if (component == 0)
        labels[i] = 0;
      else if (labels[i] != 0 && owner[labels[i]] != component)
        labels[i] = lists.nearest(i, component);
    });
  };
}

}  // namespace

Body voronoi_otsu_labeling(Work& work) {
  const Shape& shape = work.shape();
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const Pixels mask = work.scratch(voxels), spots = work.scratch(voxels * sizeof(float)),
               maxima = work.scratch(voxels), seeds = work.scratch(voxels * sizeof(std::uint32_t)),
               counts = work.scratch(enumeration_bytes(shape.voxels()));
  const Body find_mask = otsu_mask(work, mask),
             smooth = blur(work, work.input(), work.dtype(), spots, DType::f32, shape,
                           work.parameters().per_axis("spot_sigma")),
             find_maxima =
                 mark_maxima(work, spots, DType::f32, maxima, shape, {false, {1, 1, 1}}, no_floor),
             grow = regrow(work, mask, seeds, work.output(), shape);
  return [=] {
    find_mask();
    smooth();
    find_maxima();
    const auto *inside = mask.as<std::uint8_t>(), *marks = maxima.as<std::uint8_t>();
    auto* labels = seeds.as<std::uint32_t>();
    for_each_index(shape.voxels(), [=](std::int64_t i) { labels[i] = 0; });
    enumerate(
        shape.voxels(), counts.as<std::uint32_t>(),
        [=](std::int64_t i) { return inside[i] && marks[i]; },
        [=](std::int64_t i, std::uint32_t number) { labels[i] = number; });
    grow();
  };
}

Body gauss_otsu_labeling(Work& work) {
  const Pixels mask = work.scratch(static_cast<std::size_t>(work.shape().voxels()));
  const Body find_mask = otsu_mask(work, mask),
             label = components(work, mask, DType::u8, work.output(), work.shape(), true);
  return [=] {
    find_mask();
    label();
  };
}

Body eroded_otsu_labeling(Work& work) {
  const Shape& shape = work.shape();
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  const Pixels mask = work.scratch(voxels), even = work.scratch(voxels), odd = work.scratch(voxels),
               seeds = work.scratch(voxels * sizeof(std::uint32_t));
  const auto erosions = static_cast<int>(work.parameters().number("erosions"));
  const Window cross{true, {1, 1, shape.z > 1}};
  const auto erode_once = [&](const Pixels& from, const Pixels& to) {
    return binary_extreme(work, Extreme::minimum, from, DType::u8, to, shape, cross);
  };
  const Body find_mask = otsu_mask(work, mask), first = erode_once(mask, odd),
             to_even = erode_once(odd, even), to_odd = erode_once(even, odd);
  const Pixels eroded = erosions == 0 ? mask : erosions % 2 ? odd : even;
  const Body find_seeds = components(work, eroded, DType::u8, seeds, shape, true),
             grow = regrow(work, mask, seeds, work.output(), shape);
  return [=] {
    find_mask();
    for (int n = 1; n <= erosions; ++n) (n == 1 ? first : n % 2 ? to_odd : to_even)();
    find_seeds();
    grow();
  };
}

}  // namespace voxelmark::tbb_operations
