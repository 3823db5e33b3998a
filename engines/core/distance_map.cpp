#include "engines/core/distance_map.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace voxelmark {

namespace {

template <class Real>
constexpr Real infinity = std::numeric_limits<Real>::infinity();

/// Lines along y or z that are taken side by side, a vector register or some.
template <class Real>
constexpr std::int64_t lanes = 128 / sizeof(Real);

/// How far the nearest seed is looked for step by step, which vector units do fast, before the
/// lower envelope takes over, which no distance makes slow.
constexpr std::int64_t widest_search = 40;

template <class Real>
void along_x(const std::uint8_t* flags, std::uint8_t bit, std::int64_t width, double weight,
             Real* squares) {
  const auto square = [&](std::int64_t steps) {
    return static_cast<Real>(weight * static_cast<double>(steps * steps));
  };
  constexpr std::int64_t none = -1;
  std::int64_t last = none;
  for (std::int64_t x = 0; x < width; ++x) {
    if (!(flags[x] & bit)) continue;
    if (last == none)
      for (std::int64_t i = 0; i < x; ++i) squares[i] = square(x - i);
    else
      for (std::int64_t i = last + 1; i < x; ++i) squares[i] = square(std::min(i - last, x - i));
    squares[x] = 0;
    last = x;
  }
  if (last == none)
    std::fill_n(squares, width, infinity<Real>);
  else
    for (std::int64_t i = last + 1; i < width; ++i) squares[i] = square(i - last);
}

/// Lower envelope of the parabolas at a line's finite values (Felzenszwalb & Huttenlocher 2012).
template <class Real>
struct Envelope {
  std::vector<std::int64_t> sites;
  std::vector<double> from;

  /// line[q * stride], in place of `values[q * stride]`.
  void transform(const Real* values, Real* line, std::int64_t extent, std::int64_t value_stride,
                 std::int64_t stride, double weight) {
    sites.clear();
    from.clear();
    const auto value = [&](std::int64_t q) {
      return static_cast<double>(values[q * value_stride]);
    };
    for (std::int64_t q = 0; q < extent; ++q) {
      if (value(q) == infinity<double>) continue;
      double start = -infinity<double>;
      while (!sites.empty()) {
        const std::int64_t p = sites.back();
        start = (value(q) - value(p) + weight * static_cast<double>((q - p) * (q + p))) /
                (2 * weight * static_cast<double>(q - p));
        if (start > from.back()) break;
        sites.pop_back();
        from.pop_back();
        start = -infinity<double>;
      }
      sites.push_back(q);
      from.push_back(start);
    }
    if (sites.empty()) return;
    std::size_t k = 0;
    for (std::int64_t q = 0; q < extent; ++q) {
      while (k + 1 < sites.size() && from[k + 1] < static_cast<double>(q)) ++k;
      const auto d = static_cast<double>(q - sites[k]);
      line[q * stride] = static_cast<Real>(value(sites[k]) + weight * d * d);
    }
  }
};

template <class Real>
struct Scratch {
  std::vector<Real> values;
  Envelope<Real> envelope;
};

/// `lanes` lines of `extent` values that lie `stride` apart; only the first `width` are the
/// image's.
template <class Real>
void across(Real* squares, std::int64_t extent, std::int64_t stride, std::int64_t width,
            double weight, Scratch<Real>& scratch) {
  constexpr std::int64_t side = lanes<Real>;
  scratch.values.resize(static_cast<std::size_t>(extent * side));
  Real* const values = scratch.values.data();
  for (std::int64_t q = 0; q < extent; ++q) {
    std::copy_n(squares + q * stride, width, values + q * side);
    std::fill_n(values + q * side + width, side - width, Real{0});
  }
  for (std::int64_t q = 0; q < extent; ++q) {
    Real best[side];
    std::copy_n(values + q * side, side, best);
    std::int64_t k = 1;
    for (; k <= widest_search; ++k) {
      const auto added = static_cast<Real>(weight * static_cast<double>(k * k));
      int farther = 0;  // a sum of truth values, which compilers make vectors of
      for (std::int64_t lane = 0; lane < side; ++lane) farther |= best[lane] > added;
      if (!farther) break;
      const Real* const before = values + std::max(q - k, std::int64_t{0}) * side;
      const Real* const behind = values + std::min(q + k, extent - 1) * side;
      const Real reach_before = q >= k ? added : infinity<Real>;
      const Real reach_behind = q + k < extent ? added : infinity<Real>;
      for (std::int64_t lane = 0; lane < side; ++lane)
        best[lane] = std::min(best[lane],
                              std::min(before[lane] + reach_before, behind[lane] + reach_behind));
    }
    if (k > widest_search && extent > widest_search) {
      for (std::int64_t lane = 0; lane < width; ++lane)
        scratch.envelope.transform(values + lane, squares + lane, extent, side, stride, weight);
      return;
    }
    std::copy_n(best, width, squares + q * stride);
  }
}

template <class Real>
void transform(std::span<const std::uint8_t> flags, std::uint8_t bit, const Shape& shape,
               const std::array<double, 3>& weights, std::span<Real> squares) {
  tbb::parallel_for(std::int64_t{0}, shape.y * shape.z, [&](std::int64_t row) {
    along_x(flags.data() + row * shape.x, bit, shape.x, weights[0], squares.data() + row * shape.x);
  });
  tbb::enumerable_thread_specific<Scratch<Real>> scratch;
  const std::int64_t blocks = (shape.x + lanes<Real> - 1) / lanes<Real>;
  const auto pass = [&](std::int64_t extent, std::int64_t stride, std::int64_t others,
                        std::int64_t other_stride, double weight) {
    if (extent == 1) return;
    tbb::parallel_for(std::int64_t{0}, others * blocks, [&](std::int64_t task) {
      const std::int64_t x = task % blocks * lanes<Real>;
      across(squares.data() + task / blocks * other_stride + x, extent, stride,
             std::min(lanes<Real>, shape.x - x), weight, scratch.local());
    });
  };
  const std::int64_t plane = shape.x * shape.y;
  pass(shape.y, shape.x, shape.z, plane, weights[1]);
  pass(shape.z, plane, shape.y, shape.x, weights[2]);
}

}  // namespace

DistanceMap::DistanceMap(std::span<const std::uint8_t> flags, std::uint8_t bit, const Shape& shape,
                         const Spacing& spacing) {
  const bool same =
      (shape.y == 1 || spacing.x == spacing.y) && (shape.z == 1 || spacing.x == spacing.z);
  const std::int64_t largest = shape.x * shape.x + shape.y * shape.y + shape.z * shape.z;
  const bool exact_in_float = same && largest < (1 << 24);
  scale_ = spacing.x;
  const auto weight = [&](double step) { return same ? 1 : (step / scale_) * (step / scale_); };
  const std::array<double, 3> weights{1, weight(spacing.y), weight(spacing.z)};
  squares_ = Image(shape, exact_in_float ? DType::f32 : DType::f64);
  if (exact_in_float)
    transform(flags, bit, shape, weights, squares_.pixels<float>());
  else
    transform(flags, bit, shape, weights, squares_.pixels<double>());
}

}  // namespace voxelmark
