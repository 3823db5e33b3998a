#include "validate/boundary.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "engines/core/distance_map.hpp"
#include "validate/quantile.hpp"

namespace voxelmark {

namespace {

/// What is known of a voxel, a bit each.
struct Side {
  std::uint8_t mask, contour, band;
};
constexpr Side reference_side{1, 2, 4}, test_side{8, 16, 32};

void mark_mask(const Image& image, const Side& side, std::span<std::uint8_t> masks) {
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = image.pixels<T>();
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, pixels.size(), 1 << 16),
                      [&](const auto& range) {
                        for (std::size_t i = range.begin(); i < range.end(); ++i)
                          masks[i] |= static_cast<std::uint8_t>(pixels[i] != T{} ? side.mask : 0);
                      });
  });
}

/// The masks' bits with those of both contours.
void mark_contours(std::span<const std::uint8_t> masks, const Shape& shape, bool border_is_outside,
                   std::span<std::uint8_t> flags) {
  constexpr unsigned both_masks = reference_side.mask | test_side.mask;
  static_assert(reference_side.contour == 2 * reference_side.mask &&
                test_side.contour == 2 * test_side.mask);
  const std::int64_t plane = shape.x * shape.y, last = shape.x - 1;
  const std::uint8_t outside = border_is_outside ? 0 : both_masks;
  const std::vector<std::uint8_t> beyond(static_cast<std::size_t>(shape.x), outside);
  tbb::parallel_for(std::int64_t{0}, shape.y * shape.z, [&](std::int64_t row) {
    const std::int64_t y = row % shape.y, z = row / shape.y;
    const std::uint8_t* const centre = masks.data() + row * shape.x;
    const std::uint8_t* const above = y > 0 ? centre - shape.x : beyond.data();
    const std::uint8_t* const below = y < shape.y - 1 ? centre + shape.x : beyond.data();
    // A single slice has no neighbours in z that could be outside.
    const bool flat = shape.z == 1;
    const std::uint8_t* const front = flat ? centre : z > 0 ? centre - plane : beyond.data();
    const std::uint8_t* const back = flat              ? centre
                                     : z < shape.z - 1 ? centre + plane
                                                       : beyond.data();
    std::uint8_t* const out = flags.data() + row * shape.x;
    const auto mark = [&](std::int64_t x, unsigned left, unsigned right) {
      const unsigned around = left & right & above[x] & below[x] & front[x] & back[x];
      out[x] = static_cast<std::uint8_t>(centre[x] | (centre[x] & ~around & both_masks) << 1);
    };
    mark(0, outside, last > 0 ? centre[1] : outside);
    for (std::int64_t x = 1; x < last; ++x) mark(x, centre[x - 1], centre[x + 1]);
    if (last > 0) mark(last, centre[last - 1], outside);
  });
}

Image flags_of(const Image& reference, const Image& test, bool border_is_outside) {
  const Shape& shape = reference.shape();
  Image masks(shape, DType::u8), flags(shape, DType::u8);
  std::fill_n(masks.pixels<std::uint8_t>().begin(), shape.voxels(), std::uint8_t{0});
  mark_mask(reference, reference_side, masks.pixels<std::uint8_t>());
  mark_mask(test, test_side, masks.pixels<std::uint8_t>());
  mark_contours(masks.pixels<std::uint8_t>(), shape, border_is_outside,
                flags.pixels<std::uint8_t>());
  return flags;
}

/// What one direction gives.
struct Direction {
  std::vector<double> distances;  ///< of the contour `from` to the other one, µm, rising
  double set_distance = 0;        ///< largest distance of the mask `from` to the other mask
};

/// Distances of the side `from` to the contour that `map` belongs to, which is `to`'s; marks the
/// band of `to` along the way.
Direction measure(const DistanceMap& map, const Side& from, const Side& to, const Shape& shape,
                  double band, std::span<std::uint8_t> flags) {
  const auto rows = static_cast<std::size_t>(shape.y * shape.z);
  const auto width = static_cast<std::size_t>(shape.x);
  const double scale = map.scale(), within_band = band * (1 + 1e-12) / scale;
  std::vector<std::vector<double>> parts(rows);
  std::vector<double> largest(rows);
  map.visit_squares([&](const auto squares) {
    using Real = typename decltype(squares)::value_type;
    const double band_square = within_band * within_band;
    tbb::parallel_for(std::size_t{0}, rows, [&](std::size_t row) {
      Real outside = 0;
      for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
        const std::uint8_t flag = flags[i];
        if (flag == 0) continue;
        const Real square = squares[i];
        if (flag & from.contour)
          parts[row].push_back(scale * std::sqrt(static_cast<double>(square)));
        // From outside a mask, its nearest voxel is one of its contour.
        if ((flag & from.mask) && !(flag & to.mask)) outside = std::max(outside, square);
        if ((flag & to.mask) && static_cast<double>(square) <= band_square)
          flags[i] = flag | to.band;
      }
      largest[row] = scale * std::sqrt(static_cast<double>(outside));
    });
  });
  Direction result;
  std::size_t count = 0;
  for (const auto& part : parts) count += part.size();
  result.distances.reserve(count);
  for (auto& part : parts) {
    result.distances.insert(result.distances.end(), part.begin(), part.end());
    part = {};
  }
  result.set_distance = rows ? *std::max_element(largest.begin(), largest.end()) : 0;
  return result;
}

/// Kahan's sum: there are millions of distances.
double sum_of(const std::vector<double>& values) {
  double sum = 0, lost = 0;
  for (const double value : values) {
    const double term = value - lost, next = sum + term;
    lost = (next - sum) - term;
    sum = next;
  }
  return sum;
}

double diagonal(const Shape& shape, const Spacing& s) {
  const auto side = [](std::int64_t extent, double step) {
    return extent > 1 ? static_cast<double>(extent) * step : 0;
  };
  return std::hypot(side(shape.x, s.x), side(shape.y, s.y), side(shape.z, s.z));
}

/// How many voxels satisfy a condition on their flags.
template <class Condition>
std::int64_t count(std::span<const std::uint8_t> flags, const Condition& condition) {
  return tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, flags.size(), 1 << 18), std::int64_t{0},
      [&](const auto& range, std::int64_t sum) {
        for (std::size_t i = range.begin(); i < range.end(); ++i)
          sum += condition(flags[i]) ? 1 : 0;
        return sum;
      },
      std::plus<>());
}

std::int64_t count(std::span<const std::uint8_t> flags, std::uint8_t bits) {
  return count(flags, [=](std::uint8_t flag) { return (flag & bits) != 0; });
}

}  // namespace

BoundaryAgreement boundary_agreement(const Image& reference, const Image& test,
                                     const BoundaryOptions& options) {
  if (reference.shape() != test.shape())
    throw std::logic_error("boundaries of images of different shape");
  const Shape& shape = reference.shape();
  Image marks = flags_of(reference, test, options.border_is_outside);
  const auto flags = marks.pixels<std::uint8_t>();
  BoundaryAgreement result;
  result.band = options.band.value_or(0.02 * diagonal(shape, options.spacing));
  result.reference_contour = count(flags, reference_side.contour);
  result.test_contour = count(flags, test_side.contour);
  if (result.reference_contour == 0 || result.test_contour == 0) {
    // With a border that is inside, a mask that fills the image has no contour and yet is not
    // empty.
    const std::int64_t in_reference = count(flags, reference_side.mask),
                       in_test = count(flags, test_side.mask);
    const bool both = in_reference == 0 && in_test == 0,
               one = (in_reference == 0) != (in_test == 0);
    const Undefined reason{both  ? BoundaryAgreement::both_empty
                           : one ? BoundaryAgreement::one_side_empty
                                 : "a mask without a contour: it fills the image, and the border "
                                   "does not count as outside"};
    result.hausdorff = result.hausdorff_reference_to_test = result.hausdorff_test_to_reference =
        result.hausdorff_simplified = result.hd95 = result.contour_a_to_b = result.contour_b_to_a =
            result.contour_bilateral = result.assd = reason;
    result.nsd = one ? Value(0.0) : Value(reason);
    result.boundary_iou = one ? Value(0.0) : Value(reason);
    if (!options.tau) result.nsd = Undefined{"needs a tolerance: --tau"};
    return result;
  }

  Direction forth, back;  // to the reference from the test, and the other way round
  {
    const DistanceMap map(flags, reference_side.contour, shape, options.spacing);
    back = measure(map, test_side, reference_side, shape, result.band, flags);
  }
  {
    const DistanceMap map(flags, test_side.contour, shape, options.spacing);
    forth = measure(map, reference_side, test_side, shape, result.band, flags);
  }
  result.hausdorff_reference_to_test = forth.set_distance;
  result.hausdorff_test_to_reference = back.set_distance;
  result.hausdorff = std::max(forth.set_distance, back.set_distance);
  const auto largest = [](const std::vector<double>& values) {
    return *std::max_element(values.begin(), values.end());
  };
  result.hausdorff_simplified = std::max(largest(forth.distances), largest(back.distances));
  const auto n_forth = static_cast<double>(forth.distances.size());
  const auto n_back = static_cast<double>(back.distances.size());
  const double sum_forth = sum_of(forth.distances), sum_back = sum_of(back.distances);
  result.contour_a_to_b = sum_forth / n_forth;
  result.contour_b_to_a = sum_back / n_back;
  result.contour_bilateral = (sum_forth / n_forth + sum_back / n_back) / 2;
  result.assd = (sum_forth + sum_back) / (n_forth + n_back);
  if (options.tau) {
    const auto within = [&](const std::vector<double>& values) {
      return static_cast<double>(std::count_if(
          values.begin(), values.end(), [&](double d) { return d <= *options.tau * (1 + 1e-12); }));
    };
    result.nsd = (within(forth.distances) + within(back.distances)) / (n_forth + n_back);
  } else {
    result.nsd = Undefined{"needs a tolerance: --tau"};
  }
  result.hd95 =
      std::max(quantile_in_place(forth.distances, 0.95), quantile_in_place(back.distances, 0.95));
  constexpr std::uint8_t bands = reference_side.band | test_side.band;
  const std::int64_t both = count(flags, [](std::uint8_t f) { return (f & bands) == bands; });
  result.boundary_iou = static_cast<double>(both) / static_cast<double>(count(flags, bands));
  return result;
}

}  // namespace voxelmark
