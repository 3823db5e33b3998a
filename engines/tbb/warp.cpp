// Values between voxels: affine transforms, resampling, radial reslices.
#include "engines/operations/affine_transform.hpp"
#include "engines/operations/radial_reslice.hpp"
#include "engines/operations/resample.hpp"
#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// A position in fixed point.
struct Position {
  FixedPoint x, y, z;
};

Position operator+(const Position& a, const Position& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}

std::int64_t whole(FixedPoint c) { return c >> fraction_bits; }  // rounds downwards

/// Linear interpolation of f32: the coordinate's fraction to 24 bits, as many as float32 holds.
struct Floats {
  using Value = float;
  static float weight(FixedPoint c) {
    constexpr int dropped = fraction_bits - 24;
    return static_cast<float>(static_cast<std::int32_t>((c & (one_voxel - 1)) >> dropped)) *
           0x1p-24f;
  }
  static float between(float a, float b, float f) { return a + f * (b - a); }
  static float narrowed(float value) { return value; }
  static float result(float value) { return value; }
  static float without_step(float value) { return value; }
};

/// The same of integers; see source_map.hpp.
struct Integers {
  using Value = std::int64_t;
  static Value weight(FixedPoint c) { return voxelmark::weight(c); }
  static Value between(Value a, Value b, Value f) { return voxelmark::between(a, b, f); }
  static Value narrowed(Value value) { return voxelmark::narrowed(value); }
  static Value result(Value value) { return whole_level(value); }
  static Value without_step(Value value) { return value << weight_bits; }
};

/// The image's values anywhere.
template <class T, Sampling sampling>
struct Sampler {
  static constexpr bool clamps =
      sampling == Sampling::linear_clamp || sampling == Sampling::floored_clamp;
  using Steps = std::conditional_t<std::is_same_v<T, float>, Floats, Integers>;
  using Value = typename Steps::Value;
  const T* pixels;
  Shape shape;

  T at(std::int64_t x, std::int64_t y, std::int64_t z) const {
    if constexpr (clamps) {
      x = std::clamp<std::int64_t>(x, 0, shape.x - 1);
      y = std::clamp<std::int64_t>(y, 0, shape.y - 1);
      z = std::clamp<std::int64_t>(z, 0, shape.z - 1);
    } else if (x < 0 || y < 0 || z < 0 || x >= shape.x || y >= shape.y || z >= shape.z) {
      return 0;
    }
    return pixels[offset(shape, x, y, z)];
  }

  /// Linear in one slice.
  Value in_slice(std::int64_t x, std::int64_t y, std::int64_t z, Value fx, Value fy) const {
    const auto mixed = [&](T above_left, T above_right, T below_left, T below_right) {
      return Steps::narrowed(Steps::between(
          Steps::between(static_cast<Value>(above_left), static_cast<Value>(above_right), fx),
          Steps::between(static_cast<Value>(below_left), static_cast<Value>(below_right), fx), fy));
    };
    if (x >= 0 && y >= 0 && z >= 0 && x + 1 < shape.x && y + 1 < shape.y && z < shape.z) {
      const T* corner = pixels + offset(shape, x, y, z);
      return mixed(corner[0], corner[1], corner[shape.x], corner[shape.x + 1]);
    }
    return mixed(at(x, y, z), at(x + 1, y, z), at(x, y + 1, z), at(x + 1, y + 1, z));
  }

  T operator()(const Position& p) const {
    if constexpr (sampling == Sampling::floored_clamp) {
      return at(whole(p.x), whole(p.y), whole(p.z));
    } else if constexpr (sampling == Sampling::nearest_zero) {
      constexpr FixedPoint half = one_voxel / 2;
      return at(whole(p.x + half), whole(p.y + half), whole(p.z + half));
    } else {
      const std::int64_t x = whole(p.x), y = whole(p.y), z = whole(p.z);
      const Value fx = Steps::weight(p.x), fy = Steps::weight(p.y), fz = Steps::weight(p.z);
      const Value near = in_slice(x, y, z, fx, fy);
      return static_cast<T>(
          Steps::result(fz > 0 ? Steps::between(near, in_slice(x, y, z + 1, fx, fy), fz)
                               : Steps::without_step(near)));
    }
  }
};

/// output(x, y, z) = the input at start(y, z) + x * step(y, z), which `line` gives as a pair.
template <class F>
Body sample_lines(Work& work, Sampling sampling, const F& line) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [=, input = work.input(), output = work.output(), from = work.shape(),
            shape = work.output_shape()] {
      const auto run = [&](const auto& sample) {
        for_each_row(shape, [&](std::int64_t y, std::int64_t z) {
          const auto [start, step] = line(y, z);
          Position position = start;
          T* row = output.as<T>() + offset(shape, 0, y, z);
          for (std::int64_t x = 0; x < shape.x; ++x, position = position + step)
            row[x] = sample(position);
        });
      };
      const T* pixels = input.as<T>();
      switch (sampling) {
        case Sampling::linear_zero:
          return run(Sampler<T, Sampling::linear_zero>{pixels, from});
        case Sampling::linear_clamp:
          return run(Sampler<T, Sampling::linear_clamp>{pixels, from});
        case Sampling::nearest_zero:
          return run(Sampler<T, Sampling::nearest_zero>{pixels, from});
        case Sampling::floored_clamp:
          return run(Sampler<T, Sampling::floored_clamp>{pixels, from});
      }
    };
  });
}

/// Linear values where each axis has its own map: along x, where all positions and weights are the
/// plan's, rows are interpolated once for all outputs that see them, and then between in vectors.
template <class T, Sampling sampling>
class AlignedWarp {
 public:
  using Steps = typename Sampler<T, sampling>::Steps;
  using Value = typename Steps::Value;

  AlignedWarp(Work& work, const SourceMap& map)
      : map_(map),
        from_(work.shape()),
        to_(work.output_shape()),
        lines_(work.scratch_per_thread(static_cast<std::size_t>(4 * to_.x) * sizeof(Value))) {
    const auto extent = static_cast<std::size_t>(to_.x);
    left_.reserve(extent), right_.reserve(extent), weights_.reserve(extent);
    for (std::int64_t i = 0; i < to_.x; ++i) {
      const FixedPoint p = map.at(0, i, 0, 0);
      const std::int64_t x = whole(p);
      const auto known = [&](std::int64_t tap) {
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(tap, 0, from_.x - 1));
      };
      left_.push_back(known(x)), right_.push_back(known(x + 1));
      weights_.push_back(Steps::weight(p));
      if (!clamps && (x < 0 || x + 1 >= from_.x)) outside_.push_back(i);
    }
  }

  void run(const T* from, T* to) const {
    const std::int64_t rows = std::max<std::int64_t>(1, voxels_per_task / to_.x);
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, to_.y * to_.z, rows),
                      [&](const auto& range) {
                        vectorised([&] {
                          std::array<std::int64_t, 4> kept;
                          kept.fill(-1);
                          for (auto row = range.begin(); row < range.end(); ++row)
                            make_row(from, row % to_.y, row / to_.y, kept, to + row * to_.x);
                        });
                      });
  }

 private:
  static constexpr bool clamps = sampling == Sampling::linear_clamp;

  /// The input's row interpolated along x, in one of four lines. `kept` says which row a line has.
  const Value* line(const T* from, std::int64_t y, std::int64_t z,
                    std::array<std::int64_t, 4>& kept) const {
    const std::int64_t slot = (y & 1) + 2 * (z & 1), count = to_.x;
    Value* const result = lines_.template pixels<Value>() + slot * count;
    const bool inside = y >= 0 && z >= 0 && y < from_.y && z < from_.z;
    const std::int64_t row =
        offset({1, from_.y, from_.z}, 0, std::clamp<std::int64_t>(y, 0, from_.y - 1),
               std::clamp<std::int64_t>(z, 0, from_.z - 1));
    if (!clamps && !inside) {
      kept[slot] = -1;
      std::fill_n(result, count, Value{0});
    } else if (kept[slot] != row) {
      kept[slot] = row;
      const T* const source = from + row * from_.x;
      const std::int32_t *left = left_.data(), *right = right_.data();
      const Value* const weights = weights_.data();
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i)
        result[i] = Steps::between(static_cast<Value>(source[left[i]]),
                                   static_cast<Value>(source[right[i]]), weights[i]);
    }
    return result;
  }

  void make_row(const T* from, std::int64_t row_y, std::int64_t row_z,
                std::array<std::int64_t, 4>& kept, T* out) const {
    const Position start{map_.at(0, 0, row_y, row_z), map_.at(1, 0, row_y, row_z),
                         map_.at(2, 0, row_y, row_z)};
    const std::int64_t y = whole(start.y), z = whole(start.z), count = to_.x;
    const Value fy = Steps::weight(start.y), fz = Steps::weight(start.z);
    const Value *a = line(from, y, z, kept), *b = line(from, y + 1, z, kept);
    const auto in_slice = [fy](Value above, Value below) {
      return Steps::narrowed(Steps::between(above, below, fy));
    };
    if (fz > 0) {
      const Value *c = line(from, y, z + 1, kept), *d = line(from, y + 1, z + 1, kept);
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = static_cast<T>(
            Steps::result(Steps::between(in_slice(a[i], b[i]), in_slice(c[i], d[i]), fz)));
    } else {
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = static_cast<T>(Steps::result(Steps::without_step(in_slice(a[i], b[i]))));
    }
    const Sampler<T, sampling> sample{from, from_};
    for (const std::int64_t i : outside_)
      out[i] = sample({map_.at(0, i, row_y, row_z), start.y, start.z});
  }

  SourceMap map_;
  Shape from_, to_;
  std::vector<std::int32_t> left_, right_;  ///< By the output's x: taps, clamped.
  std::vector<Value> weights_;
  std::vector<std::int64_t> outside_;  ///< Outputs with taps outside, where these are 0.
  ThreadScratch lines_;
};

/// Whether each axis of the input hangs on the same one of the output alone.
bool is_aligned(const SourceMap& map) {
  for (int axis = 0; axis < 3; ++axis)
    for (int other = 0; other < 3; ++other)
      if (axis != other && map.rows[axis][other] != 0) return false;
  return true;
}

template <Sampling sampling>
Body aligned_warp(Work& work, const SourceMap& map) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [pass = AlignedWarp<T, sampling>(work, map), input = work.input(),
            output = work.output()] { pass.run(input.as<T>(), output.as<T>()); };
  });
}

Body warp(Work& work, const SourceMap& map, Sampling sampling) {
  if (is_aligned(map) && sampling == Sampling::linear_clamp)
    return aligned_warp<Sampling::linear_clamp>(work, map);
  if (is_aligned(map) && sampling == Sampling::linear_zero)
    return aligned_warp<Sampling::linear_zero>(work, map);
  const Position step{map.rows[0][0], map.rows[1][0], map.rows[2][0]};
  return sample_lines(work, sampling, [=](std::int64_t y, std::int64_t z) {
    return std::pair(Position{map.at(0, 0, y, z), map.at(1, 0, y, z), map.at(2, 0, y, z)}, step);
  });
}

}  // namespace

Body affine_transform(Work& work) {
  return warp(work, affine_map(work.operation().dims, work.parameters(), work.shape()),
              affine_sampling(work.parameters()));
}

Body translate(Work& work) {
  return warp(work, translation_map(work.parameters(), work.shape()),
              affine_sampling(work.parameters()));
}

Body scale(Work& work) {
  return warp(work, scale_map(work.operation().dims, work.parameters(), work.shape()),
              affine_sampling(work.parameters()));
}

Body rotate_angle(Work& work) {
  return warp(work, rotation_map(work.parameters(), work.shape()),
              affine_sampling(work.parameters()));
}

Body resample(Work& work) {
  return warp(work, resampling_map(work.operation().dims, work.parameters(), work.shape()),
              Sampling::linear_clamp);
}

Body radial_reslice(Work& work) {
  const Position centre{work.shape().x / 2 * one_voxel, work.shape().y / 2 * one_voxel, 0};
  return sample_lines(
      work, radial_sampling(work.parameters()),
      [=, directions = radial_directions(work.parameters())](std::int64_t z, std::int64_t angle) {
        return std::pair(centre + Position{0, 0, z * one_voxel},
                         Position{directions[2 * angle], directions[2 * angle + 1], 0});
      });
}

}  // namespace voxelmark::tbb_operations
