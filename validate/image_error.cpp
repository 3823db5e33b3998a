#include "validate/image_error.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace voxelmark {

namespace {

constexpr int radius = 5, taps = 2 * radius + 1, moments = 5;

std::array<double, taps> gaussian_weights() {
  std::array<double, taps> weights{};
  for (int i = 0; i < taps; ++i)
    weights[i] = std::exp(-0.5 * (i - radius) * (i - radius) / (1.5 * 1.5));
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// Weighted means of x, y, xx, yy, xy around each inner voxel of a slice, one behind the other in a
/// row. Values are taken from `offset` on, which leaves variances as they are and keeps them exact.
template <class T>
void slice_moments(const T* reference, const T* test, const Shape& shape, double offset,
                   const std::array<double, taps>& weights, std::vector<double>& result) {
  const std::int64_t width = shape.x - 2 * radius, height = shape.y - 2 * radius;
  tbb::enumerable_thread_specific<std::vector<double>> scratch(
      static_cast<std::size_t>(moments * shape.x));
  tbb::parallel_for(std::int64_t{0}, height, [&](std::int64_t y) {
    double* const column = scratch.local().data();
    std::fill_n(column, moments * shape.x, 0.0);
    for (int tap = 0; tap < taps; ++tap) {
      const T* const a = reference + (y + tap) * shape.x;
      const T* const b = test + (y + tap) * shape.x;
      const double w = weights[tap];
      for (std::int64_t i = 0; i < shape.x; ++i) {
        const double p = static_cast<double>(a[i]) - offset, q = static_cast<double>(b[i]) - offset;
        column[i] += w * p;
        column[shape.x + i] += w * q;
        column[2 * shape.x + i] += w * p * p;
        column[3 * shape.x + i] += w * q * q;
        column[4 * shape.x + i] += w * p * q;
      }
    }
    for (int m = 0; m < moments; ++m) {
      double* const row = result.data() + (m * height + y) * width;
      std::fill_n(row, width, 0.0);
      for (int tap = 0; tap < taps; ++tap)
        for (std::int64_t i = 0; i < width; ++i)
          row[i] += weights[tap] * column[m * shape.x + i + tap];
    }
  });
}

/// Sum of the similarity over one slice's inner voxels. `slices`: moments of the slices around it.
double slice_similarity(const std::vector<const double*>& slices,
                        const std::vector<double>& slice_weights, std::int64_t width,
                        std::int64_t height, double offset, double range) {
  const double c1 = 0.01 * range * 0.01 * range, c2 = 0.03 * range * 0.03 * range;
  const std::int64_t plane = width * height;
  return tbb::parallel_deterministic_reduce(
      tbb::blocked_range<std::int64_t>(0, plane, 1 << 12), 0.0,
      [&](const auto& voxels, double sum) {
        for (std::int64_t i = voxels.begin(); i < voxels.end(); ++i) {
          std::array<double, moments> e{};
          for (std::size_t s = 0; s < slices.size(); ++s)
            for (int m = 0; m < moments; ++m)
              e[static_cast<std::size_t>(m)] += slice_weights[s] * slices[s][m * plane + i];
          const double variance_x = e[2] - e[0] * e[0], variance_y = e[3] - e[1] * e[1];
          const double covariance = e[4] - e[0] * e[1];
          const double x = e[0] + offset, y = e[1] + offset;
          sum += (2 * x * y + c1) * (2 * covariance + c2) /
                 ((x * x + y * y + c1) * (variance_x + variance_y + c2));
        }
        return sum;
      },
      std::plus<>());
}

template <class T>
double similarity(const Image& reference, const Image& test, const Range& range) {
  const Shape& shape = reference.shape();
  const auto weights = gaussian_weights();
  const std::int64_t width = shape.x - 2 * radius, height = shape.y - 2 * radius;
  const double offset = (range.minimum + range.maximum) / 2;
  const auto moments_of = [&](std::int64_t z, std::vector<double>& result) {
    const std::int64_t first = z * shape.x * shape.y;
    slice_moments(reference.pixels<T>().data() + first, test.pixels<T>().data() + first, shape,
                  offset, weights, result);
  };
  const std::int64_t depth = shape.z == 1 ? 1 : taps;
  std::vector<std::vector<double>> ring(
      static_cast<std::size_t>(depth),
      std::vector<double>(static_cast<std::size_t>(moments * width * height)));
  const std::vector<double> slice_weights =
      depth == 1 ? std::vector<double>{1} : std::vector<double>(weights.begin(), weights.end());
  std::vector<double> sums;
  for (std::int64_t z = 0; z < shape.z; ++z) {
    moments_of(z, ring[static_cast<std::size_t>(z % depth)]);
    if (z + 1 < depth) continue;
    std::vector<const double*> slices;
    for (std::int64_t i = 0; i < depth; ++i)
      slices.push_back(ring[static_cast<std::size_t>((z + 1 - depth + i) % depth)].data());
    sums.push_back(slice_similarity(slices, slice_weights, width, height, offset,
                                    range.maximum - range.minimum));
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0) /
         (static_cast<double>(width * height) * static_cast<double>(sums.size()));
}

/// Floats as integers in the same order, neighbours differing by one; -0 and 0 are the same.
std::int64_t rank_of(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value);
  return bits >= 0 ? bits : -static_cast<std::int64_t>(bits & 0x7fffffff);
}

}  // namespace

RelativeError relative_error(double rmse, const Range& reference) {
  const double range = reference.maximum - reference.minimum;
  if (range == 0) {
    const Undefined constant{"the reference is constant"};
    return {constant, constant};
  }
  return {rmse / range, rmse > 0 ? Value(20 * std::log10(range / rmse))
                                 : Value(Undefined{RelativeError::no_error})};
}

Value structural_similarity(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape() || reference.dtype() != test.dtype())
    throw std::logic_error("similarity of images of different shape or type");
  const Shape& shape = reference.shape();
  const Range range = range_of(reference);
  if (range.maximum == range.minimum) return Undefined{"the reference is constant"};
  if (shape.x < taps || shape.y < taps || (shape.z > 1 && shape.z < taps))
    return Undefined{"an extent is below 11 voxels"};
  return visit(reference.dtype(), [&]<class T>(std::type_identity<T>) {
    return similarity<T>(reference, test, range);
  });
}

Value max_ulp_distance(const Image& reference, const Image& test) {
  if (reference.dtype() != DType::f32 || test.dtype() != DType::f32)
    return Undefined{"only float32 images have it"};
  const auto x = reference.pixels<float>(), y = test.pixels<float>();
  if (x.size() != y.size()) throw std::logic_error("images of different shape");
  const auto largest = tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, x.size(), 1 << 16), std::int64_t{0},
      [&](const auto& range, std::int64_t most) {
        for (std::size_t i = range.begin(); i < range.end(); ++i)
          most = std::max(most, std::abs(rank_of(x[i]) - rank_of(y[i])));
        return most;
      },
      [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
  return static_cast<double>(largest);
}

}  // namespace voxelmark
