// Values between voxels: affine transforms, resampling, radial reslices.
#include <bit>
#include <cmath>
#include <cstring>

#include "engines/operations/affine_transform.hpp"
#include "engines/operations/radial_reslice.hpp"
#include "engines/operations/resample.hpp"
#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// A position in fixed point.
struct Position {
  FixedPoint x, y, z;
  bool operator==(const Position&) const = default;
};

Position operator+(const Position& a, const Position& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}

std::int64_t whole(FixedPoint c) { return c >> fraction_bits; }  // rounds downwards

/// Linear interpolation of f32: the coordinate's fraction to 24 bits, as many as float32 holds.
struct Floats {
  using Level = float;
  using Value = float;
  using Weight = float;
  static constexpr FixedPoint bias = 0;
  static float weight(FixedPoint c) {
    constexpr int dropped = fraction_bits - 24;
    return static_cast<float>(static_cast<std::int32_t>(c >> dropped) & 0xffffff) * 0x1p-24f;
  }
  static float along_x(float a, float b, float f) { return a + f * (b - a); }
  static float along_y(float a, float b, float f) { return a + f * (b - a); }
  static float result(float value) { return value; }
  static float along_z(float a, float b, float f) { return f > 0 ? a + f * (b - a) : a; }
};

/// The same of integers; see source_map.hpp. Coordinates are rounded to the weights' bits before
/// they are split: a weight that is rounded up to 1 becomes the next voxel's 0, which is the same.
template <class T>
struct Integers {
  using Level = std::int32_t;
  using Value = std::conditional_t<sizeof(T) == 1, std::int32_t, std::int64_t>;  ///< In 2^-22.
  using Weight = std::int32_t;
  static constexpr int dropped = fraction_bits - weight_bits;
  static constexpr FixedPoint bias = FixedPoint{1} << (dropped - 1);
  static constexpr std::int32_t half = 1 << (weight_bits - 1);
  static Weight weight(FixedPoint c) {
    return static_cast<Weight>(c >> dropped) & ((1 << weight_bits) - 1);
  }
  static Value along_x(Level a, Level b, Weight f) {
    return (Value{a} << weight_bits) + Value{b - a} * Value{f};
  }
  /// narrowed(between(a, b, f)), where a needs no more bits.
  static Value along_y(Value a, Value b, Weight f) {
    return a + static_cast<Value>((std::int64_t{b - a} * f + half) >> weight_bits);
  }
  /// Rounded half to even.
  static T result(Value value) {
    const Value odd = (value >> weight_bits) & 1;
    return static_cast<T>((value + (half - 1) + odd) >> weight_bits);
  }
  static T along_z(Value a, Value b, Weight f) {
    return static_cast<T>(whole_level(between(a, b, f)));
  }
};

/// What Integers<std::uint16_t> gives in a slice, in double, whose products are faster than those
/// of 64 bits: the level is in the lowest bits, and `doubts` becomes odd where it may be another
/// one. Along x this is exact, along y off by at most 2^-37. What Integers rounds to half-way
/// between two levels lies within 2^-23 of there, and goes to the even one: so an even level is
/// right, and an odd one is wherever the value is not that near to half-way.
inline std::uint64_t level_in_double(double left_above, double right_above, double left_below,
                                     double right_below, double fx, double fy,
                                     std::uint64_t& doubts) {
  const double above = std::fma(fx, right_above - left_above, left_above);
  const double below = std::fma(fx, right_below - left_below, left_below);
  const double value = std::fma(fy, below - above, above);
  constexpr double to_whole = 0x1.8p52;  // leaves no bits behind the point
  const double moved = value + to_whole;
  const auto bits = std::bit_cast<std::uint64_t>(moved);
  doubts |= std::abs(value - (moved - to_whole)) > 0.5 - 0x1p-22 ? bits : 0;
  return bits;
}

/// The image's values anywhere. Positions lie `bias` further than where the value is: so the voxel
/// is the position rounded downwards for every sampling.
template <class T, Sampling sampling>
struct Sampler {
  static constexpr bool linear =
      sampling == Sampling::linear_zero || sampling == Sampling::linear_clamp;
  static constexpr bool clamps =
      sampling == Sampling::linear_clamp || sampling == Sampling::floored_clamp;
  using Steps = std::conditional_t<std::is_same_v<T, float>, Floats, Integers<T>>;
  using Value = typename Steps::Value;
  using Weight = typename Steps::Weight;
  static constexpr FixedPoint bias = linear                               ? Steps::bias
                                     : sampling == Sampling::nearest_zero ? one_voxel / 2
                                                                          : 0;
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
  Value in_slice(std::int64_t x, std::int64_t y, std::int64_t z, Weight fx, Weight fy) const {
    return Steps::along_y(Steps::along_x(at(x, y, z), at(x + 1, y, z), fx),
                          Steps::along_x(at(x, y + 1, z), at(x + 1, y + 1, z), fx), fy);
  }

  T operator()(const Position& p) const {
    const std::int64_t x = whole(p.x), y = whole(p.y), z = whole(p.z);
    if constexpr (linear) {
      const Weight fx = Steps::weight(p.x), fy = Steps::weight(p.y), fz = Steps::weight(p.z);
      const Value near = in_slice(x, y, z, fx, fy);
      return fz > 0 ? Steps::along_z(near, in_slice(x, y, z + 1, fx, fy), fz) : Steps::result(near);
    } else {
      return at(x, y, z);
    }
  }
};

/// Pairs of neighbours along x, each loaded as one.
template <class T>
struct Pairs {
  static constexpr int bits = 8 * sizeof(T);
  using Pair = std::conditional_t<sizeof(T) == 1, std::uint16_t,
                                  std::conditional_t<sizeof(T) == 2, std::uint32_t, std::uint64_t>>;
  using Stored = std::conditional_t<sizeof(T) == 4, std::uint64_t, std::uint32_t>;
  Stored* stored;

  void load(std::int64_t i, const T* from) const {
    Pair pair;
    std::memcpy(&pair, from, sizeof pair);
    stored[i] = pair;
  }
  auto level(Stored value) const {
    if constexpr (std::is_same_v<T, float>)
      return std::bit_cast<float>(static_cast<std::uint32_t>(value));
    else
      return static_cast<std::int32_t>(value);
  }
  auto left(std::int64_t i) const {
    return level(static_cast<Stored>(stored[i] & ((Stored{1} << bits) - 1)));
  }
  auto right(std::int64_t i) const { return level(static_cast<Stored>(stored[i] >> bits)); }
};

/// out[i] = the image's value beside from[offsets[i]], by the weights fx[i], fy[i] and, with
/// `deep`, fz[i], for a `count` of at most `longest`.
template <class T, class Steps, std::int64_t longest, bool deep, class Weight>
void interpolate(const T* from, const Shape& shape, const std::int32_t* offsets, const Weight* fx,
                 const Weight* fy, const Weight* fz, std::int64_t count, T* out) {
  constexpr int rows = deep ? 4 : 2;
  alignas(64) typename Pairs<T>::Stored stored[rows][longest];
  const auto pairs = [&](int i) { return Pairs<T>{stored[i]}; };
  const std::int64_t row = shape.x, slice = shape.x * shape.y;
  for (std::int64_t i = 0; i < count; ++i) {
    const T* const tap = from + offsets[i];
    pairs(0).load(i, tap);
    pairs(1).load(i, tap + row);
    if constexpr (deep) {
      pairs(2).load(i, tap + slice);
      pairs(3).load(i, tap + slice + row);
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const auto in_slice = [&](const Pairs<T>& above, const Pairs<T>& below) {
      return Steps::along_y(Steps::along_x(above.left(i), above.right(i), fx[i]),
                            Steps::along_x(below.left(i), below.right(i), fx[i]), fy[i]);
    };
    if constexpr (deep)
      out[i] = Steps::along_z(in_slice(pairs(0), pairs(1)), in_slice(pairs(2), pairs(3)), fz[i]);
    else
      out[i] = Steps::result(in_slice(pairs(0), pairs(1)));
  }
}

/// Indices from `begin` to before `end`.
struct Interval {
  std::int64_t begin, end;
};

/// The i from 0 to before `count` for which start + i * step is at least `low` and below `high`.
Interval where_between(FixedPoint start, FixedPoint step, FixedPoint low, FixedPoint high,
                       std::int64_t count) {
  if (step < 0) return where_between(-start, -step, 1 - high, 1 - low, count);
  const auto steps_to = [&](FixedPoint limit) -> std::int64_t {
    if (limit <= start) return 0;
    if (limit > start + (count - 1) * step) return count;  // the usual case: no division
    return (limit - start + step - 1) / step;
  };
  return {steps_to(low), steps_to(high)};
}

/// Lines of an output: line[i] is the image's value at start + i * step.
template <class T, Sampling sampling>
class LineSampler {
 public:
  using Sample = Sampler<T, sampling>;
  using Steps = typename Sample::Steps;
  static constexpr std::int64_t longest = 128;  ///< Whose taps leave room in a core's first cache.

  LineSampler(const T* pixels, const Shape& shape) : sample_{pixels, shape} {}

  /// All lines have this step until the next call.
  void set_step(const Position& step) {
    if (step == step_) return;
    step_ = step;
    for (std::int64_t i = 0; i < longest; ++i)
      x_[i] = i * step.x, y_[i] = i * step.y, z_[i] = i * step.z;
    // Offsets are of 32 bits.
    const Shape& shape = sample_.shape;
    const auto voxels = [](FixedPoint c) { return whole(std::abs(c)) + 1; };
    const std::int64_t stride = voxels(step.x) + shape.x * voxels(step.y) +
                                (step.z ? shape.x * shape.y * voxels(step.z) : 0);
    most_ = std::clamp<std::int64_t>((std::int64_t{1} << 31) / stride - 1, 1, longest);
  }

  /// Writes `count` voxels, at most `longest`. `start` is biased; see Sampler. Voxels of the image
  /// `ahead` of those read are fetched for a later line.
  void operator()(const Position& start, std::int64_t count, std::int64_t ahead, T* line) const {
    const Shape& shape = sample_.shape;
    // Where positions along z are whole, the next slice takes no part.
    const bool deep = step_.z != 0 || (Sample::linear && Steps::weight(start.z) > 0);
    Interval touched{0, count}, inside{0, count};
    const auto meet = [&](FixedPoint first, FixedPoint step, std::int64_t extent, bool next) {
      const auto within = [&](Interval& all, std::int64_t low, std::int64_t high) {
        const Interval here = where_between(first, step, low * one_voxel, high * one_voxel, count);
        all = {std::max(all.begin, here.begin), std::min(all.end, here.end)};
      };
      within(inside, 0, next ? extent - 1 : extent);
      if (!Sample::clamps) within(touched, next ? -1 : 0, extent);
    };
    meet(start.x, step_.x, shape.x, Sample::linear);
    meet(start.y, step_.y, shape.y, Sample::linear);
    meet(start.z, step_.z, shape.z, Sample::linear && deep);
    if (touched.begin >= touched.end) touched = {0, 0};
    if (inside.begin >= inside.end) inside = {touched.end, touched.end};

    for (const auto& [begin, end] : {Interval{0, touched.begin}, Interval{touched.end, count}})
      for (std::int64_t i = begin; i < end; ++i) line[i] = 0;
    for (const auto& [begin, end] :
         {Interval{touched.begin, inside.begin}, Interval{inside.end, touched.end}})
      for (std::int64_t i = begin; i < end; ++i) line[i] = sample_(at(start, i));
    for (std::int64_t i = inside.begin; i < inside.end; i += most_) {
      const std::int64_t size = std::min(most_, inside.end - i);
      if (deep)
        make_inside<true>(start, i, size, ahead, line + i);
      else
        make_inside<false>(start, i, size, ahead, line + i);
    }
  }

 private:
  Position at(const Position& start, std::int64_t i) const {
    return start + Position{x_[i], y_[i], z_[i]};
  }

  /// The same for the voxels from `begin`, all of whose taps lie inside: first where they are, then
  /// the taps, then the values, since each loop of its own runs in vectors or overlaps its loads.
  template <bool deep>
  void make_inside(const Position& start, std::int64_t begin, std::int64_t count,
                   std::int64_t ahead, T* out) const {
    alignas(64) std::int32_t offsets[longest];
    alignas(64) typename Sample::Weight fx[longest], fy[longest], fz[longest];
    const Position first = at(start, begin);
    const Shape& shape = sample_.shape;
    const std::int64_t corner = offset(shape, whole(first.x), whole(first.y), whole(first.z));
    const auto voxel = [](FixedPoint c) { return static_cast<std::uint32_t>(whole(c)); };
    const auto row = static_cast<std::uint32_t>(shape.x);
    const auto slice = static_cast<std::uint32_t>(shape.x * shape.y);
    const std::uint32_t z = voxel(first.z), base = z * slice - static_cast<std::uint32_t>(corner);
    for (std::int64_t i = 0; i < count; ++i) {
      const FixedPoint px = start.x + x_[begin + i], py = start.y + y_[begin + i];
      offsets[i] = static_cast<std::int32_t>(voxel(px) + voxel(py) * row + base);
      if constexpr (Sample::linear) fx[i] = Steps::weight(px), fy[i] = Steps::weight(py);
    }
    if constexpr (deep) {
      for (std::int64_t i = 0; i < count; ++i) {
        const FixedPoint pz = start.z + z_[begin + i];
        offsets[i] += static_cast<std::int32_t>((voxel(pz) - z) * slice);
        if constexpr (Sample::linear) fz[i] = Steps::weight(pz);
      }
    }
    const T* const from = sample_.pixels + corner;
    const auto fetch = [&](std::int64_t tap) {  // which may lie outside the image
      const auto address = reinterpret_cast<std::uintptr_t>(from);
      __builtin_prefetch(
          reinterpret_cast<const void*>(address + static_cast<std::uintptr_t>(tap) * sizeof(T)));
    };
    for (std::int64_t i = 0; i < count; i += 8) {
      fetch(offsets[i] + ahead);
      if constexpr (Sample::linear && deep) fetch(offsets[i] + ahead + slice);
    }
    if constexpr (Sample::linear) {
      interpolate<T, Steps, longest, deep>(from, shape, offsets, fx, fy, fz, count, out);
    } else {
      for (std::int64_t i = 0; i < count; ++i) out[i] = from[offsets[i]];
    }
  }

  Sample sample_;
  Position step_{};
  /// Multiples of the step.
  alignas(64) FixedPoint x_[longest] = {}, y_[longest] = {}, z_[longest] = {};
  std::int64_t most_ = longest;  ///< Voxels that make_inside() takes.
};

/// output(x, y, z) = the input at start(y, z) + x * step(y, z), which `line` gives as a pair.
using Line = std::function<std::pair<Position, Position>(std::int64_t y, std::int64_t z)>;

Body sample_lines(Work& work, Sampling sampling, const Line& line) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    return [=, input = work.input(), output = work.output(), from = work.shape(),
            shape = work.output_shape()] {
      // Tiles of the output, since turned rows of the input are read by many rows of it. What later
      // rows need is fetched early: in tiles, the CPU does not foresee it.
      const auto run = [&]<Sampling how>(std::integral_constant<Sampling, how>) {
        constexpr std::int64_t piece = LineSampler<T, how>::longest, width = 2 * piece,
                               height = 128;
        constexpr std::int64_t rows_to_input = 8, rows_to_output = 2, cache_line = 64 / sizeof(T);
        constexpr FixedPoint bias = Sampler<T, how>::bias;
        const std::int64_t across = (shape.x + width - 1) / width, rows = shape.y * shape.z;
        const auto voxel = [&](const Position& p) {
          return offset(from, whole(p.x), whole(p.y), whole(p.z));
        };
        tbb::parallel_for(
            tbb::blocked_range<std::int64_t>(0, across * ((rows + height - 1) / height)),
            [&](const auto& range) {
              vectorised([&] {
                LineSampler<T, how> sample(input.as<T>(), from);
                for (auto tile = range.begin(); tile < range.end(); ++tile) {
                  const std::int64_t left = tile % across * width, top = tile / across * height;
                  const std::int64_t right = std::min(shape.x, left + width);
                  for (std::int64_t row = top; row < std::min(rows, top + height); ++row) {
                    const auto [start, step] = line(row % shape.y, row / shape.y);
                    const std::int64_t later = std::min(rows - 1, row + rows_to_input);
                    const std::int64_t ahead =
                        voxel(line(later % shape.y, later / shape.y).first) - voxel(start);
                    sample.set_step(step);
                    T* const out = output.as<T>() + row * shape.x;
                    if (row + rows_to_output < rows)
                      for (std::int64_t x = left; x < right; x += cache_line)
                        __builtin_prefetch(out + rows_to_output * shape.x + x, 1);
                    for (std::int64_t x = left; x < right; x += piece)
                      sample({start.x + x * step.x + bias, start.y + x * step.y + bias,
                              start.z + x * step.z + bias},
                             std::min(piece, right - x), ahead, out + x);
                  }
                }
              });
            });
      };
      switch (sampling) {
        case Sampling::linear_zero:
          return run(std::integral_constant<Sampling, Sampling::linear_zero>{});
        case Sampling::linear_clamp:
          return run(std::integral_constant<Sampling, Sampling::linear_clamp>{});
        case Sampling::nearest_zero:
          return run(std::integral_constant<Sampling, Sampling::nearest_zero>{});
        case Sampling::floored_clamp:
          return run(std::integral_constant<Sampling, Sampling::floored_clamp>{});
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
  using Weight = typename Sampler<T, sampling>::Weight;

  AlignedWarp(Work& work, const SourceMap& map)
      : map_(biased(map)),
        from_(work.shape()),
        to_(work.output_shape()),
        lines_(work.scratch_per_thread(static_cast<std::size_t>(4 * to_.x) * sizeof(Value))) {
    const auto extent = static_cast<std::size_t>(to_.x);
    left_.reserve(extent), right_.reserve(extent), weights_.reserve(extent);
    for (std::int64_t i = 0; i < to_.x; ++i) {
      const FixedPoint p = map_.at(0, i, 0, 0);
      const std::int64_t x = whole(p);
      const auto known = [&](std::int64_t tap) {
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(tap, 0, from_.x - 1));
      };
      left_.push_back(known(x)), right_.push_back(known(x + 1));
      weights_.push_back(Steps::weight(p));
      if (!clamps && (x < 0 || x + 1 >= from_.x)) outside_.push_back(i);
    }
    windowed_ = chunks_in_windows(lanes);
    for (std::int64_t i = 0; i < to_.x; ++i) shifts_.push_back(left_[i] - left_[i / lanes * lanes]);
    if constexpr (at_once) prepare_pairs();
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

  static SourceMap biased(SourceMap map) {
    for (auto& row : map.rows) row[3] += Sampler<T, sampling>::bias;
    return map;
  }

  using Level = typename Steps::Level;
  static constexpr std::int64_t lanes = 8, chunk = 128;
  /// Whether there is make_row_at_once(), for rows of the output that share few of the input.
  static constexpr bool at_once = std::is_same_v<T, std::uint16_t>;

  /// The chunks in which `outputs` at a time have their taps within 2 * outputs voxels of a row:
  /// where the step is at most 2.
  Interval chunks_in_windows(std::int64_t outputs) const {
    const auto fits = [&](std::int64_t begin) {
      for (std::int64_t i = begin; i < begin + chunk; ++i) {
        const std::int64_t first = left_[i / outputs * outputs];
        if (right_[i] != left_[i] + 1 || left_[i] < first || right_[i] >= first + 2 * outputs ||
            first + 2 * outputs > from_.x)
          return false;
      }
      return true;
    };
    std::int64_t i = 0;
    while (i + chunk <= to_.x && !fits(i)) i += chunk;
    Interval chunks{i, i};
    while (i + chunk <= to_.x && fits(i)) chunks.end = i += chunk;
    return chunks;
  }

  /// For make_row_at_once(): a vector register holds the pairs of `pair_lanes_` outputs.
  void prepare_pairs() {
    paired_ = chunks_in_windows(pair_lanes_);
    for (std::int64_t i = 0; i < to_.x; ++i) {
      const auto shift =
          static_cast<std::uint32_t>(left_[i] - left_[i / pair_lanes_ * pair_lanes_]);
      // Where the pair's two halves, or its four bytes, are in the window.
      orders_.push_back(has_avx512 ? 0x0001'0000 + 0x0001'0001 * shift
                                   : 0x0302'0100 + 0x0202'0202 * shift);
      fractions_.push_back(weights_[i] * (1.0 / (1 << weight_bits)));
    }
  }

  /// Of a vector of `bytes`: Unit i of the pairs is the window's unit order[i].
  template <class Unit, int bytes>
  static void take_pairs(const T* from, const std::uint32_t* order, std::uint32_t* pairs) {
    typedef Unit Units [[gnu::vector_size(bytes)]];
    Units window, places;
    std::memcpy(&window, from, sizeof window);
    std::memcpy(&places, order, sizeof places);
    const Units found = __builtin_shuffle(window, places);
    std::memcpy(pairs, &found, sizeof found);
  }

  /// The outputs' neighbours along x in a row, the right one in the upper half.
  void pairs_of_chunk(const T* row, std::int64_t begin, std::int64_t size,
                      std::uint32_t* pairs) const {
    const std::int32_t *left = left_.data() + begin, *right = right_.data() + begin;
    const std::uint32_t* const orders = orders_.data() + begin;
    if (begin < paired_.begin || begin + size > paired_.end)
      for (std::int64_t i = 0; i < size; ++i)
        pairs[i] = row[left[i]] | static_cast<std::uint32_t>(row[right[i]]) << 16;
    else if (has_avx512)
      for (std::int64_t i = 0; i < chunk; i += 16)
        take_pairs<std::uint16_t, 64>(row + left[i], orders + i, pairs + i);
    else
      for (std::int64_t i = 0; i < chunk; i += 4)
        take_pairs<std::uint8_t, 16>(row + left[i], orders + i, pairs + i);
  }

  /// Between two rows of the input; those `ahead` are fetched for the next row of the output.
  void make_row_at_once(const T* above, const T* below, const T* ahead, Weight fy, T* out) const {
    alignas(64) std::uint32_t a[chunk], b[chunk];
    const auto left = [](std::uint32_t pair) { return static_cast<Level>(pair & 0xffff); };
    const auto right = [](std::uint32_t pair) { return static_cast<Level>(pair >> 16); };
    const double fraction = fy * (1.0 / (1 << weight_bits));
    for (std::int64_t begin = 0; begin < to_.x; begin += chunk) {
      const std::int64_t size = std::min(chunk, to_.x - begin);
      for (std::int64_t x = left_[begin]; x <= right_[begin + size - 1]; x += 64 / sizeof(T)) {
        __builtin_prefetch(ahead + x);
        __builtin_prefetch(ahead + from_.x + x);
      }
      pairs_of_chunk(above, begin, size, a);
      pairs_of_chunk(below, begin, size, b);
      const double* const fractions = fractions_.data() + begin;
      std::uint64_t doubts = 0;
#pragma GCC ivdep
      for (std::int64_t i = 0; i < size; ++i)
        out[begin + i] = static_cast<T>(level_in_double(
            left(a[i]), right(a[i]), left(b[i]), right(b[i]), fractions[i], fraction, doubts));
      if (doubts % 2 == 0) continue;
      const auto along_x = [&](std::uint32_t pair, std::int64_t i) {
        return Steps::along_x(left(pair), right(pair), weights_[begin + i]);
      };
      for (std::int64_t i = 0; i < size; ++i)
        out[begin + i] = Steps::result(Steps::along_y(along_x(a[i], i), along_x(b[i], i), fy));
    }
  }

  /// The taps of `lanes` outputs, by shuffles of the 2 * lanes voxels from `from`.
  static void take_window(const T* from, const std::int32_t* shifts, Level* left, Level* right) {
    typedef Level Levels [[gnu::vector_size(4 * lanes)]];
    typedef std::int32_t Indices [[gnu::vector_size(4 * lanes)]];
    Level window[2 * lanes];
    for (int i = 0; i < 2 * lanes; ++i) window[i] = from[i];
    Levels low, high;
    Indices index;
    std::memcpy(&low, window, sizeof low);
    std::memcpy(&high, window + lanes, sizeof high);
    std::memcpy(&index, shifts, sizeof index);
    const Levels a = __builtin_shuffle(low, high, index);
    const Levels b = __builtin_shuffle(low, high, index + 1);
    std::memcpy(left, &a, sizeof a);
    std::memcpy(right, &b, sizeof b);
  }

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
      const std::int32_t *left = left_.data(), *right = right_.data(), *shifts = shifts_.data();
      const Weight* const weights = weights_.data();
      alignas(64) Level a[chunk], b[chunk];
      for (std::int64_t begin = 0; begin < count; begin += chunk) {
        const std::int64_t size = std::min(chunk, count - begin);
        if (windowed_.begin <= begin && begin + size <= windowed_.end) {
          for (std::int64_t i = 0; i < size; i += lanes)
            take_window(source + left[begin + i], shifts + begin + i, a + i, b + i);
        } else {
          for (std::int64_t i = 0; i < size; ++i)
            a[i] = source[left[begin + i]], b[i] = source[right[begin + i]];
        }
#pragma GCC ivdep
        for (std::int64_t i = 0; i < size; ++i)
          result[begin + i] = Steps::along_x(a[i], b[i], weights[begin + i]);
      }
    }
    return result;
  }

  void make_row(const T* from, std::int64_t row_y, std::int64_t row_z,
                std::array<std::int64_t, 4>& kept, T* out) const {
    const Position start{map_.at(0, 0, row_y, row_z), map_.at(1, 0, row_y, row_z),
                         map_.at(2, 0, row_y, row_z)};
    const std::int64_t y = whole(start.y), z = whole(start.z), count = to_.x;
    const Weight fy = Steps::weight(start.y), fz = Steps::weight(start.z);
    if constexpr (at_once) {
      const bool inside = y >= 0 && z >= 0 && y + 1 < from_.y && z < from_.z;
      const bool rows_are_shared = 2 * map_.rows[1][1] < 3 * one_voxel;
      if (inside && fz == 0 && !rows_are_shared && paired_.begin < paired_.end) {
        const std::int64_t later =
            std::clamp<std::int64_t>(whole(start.y + map_.rows[1][1]), 0, from_.y - 2);
        make_row_at_once(from + offset(from_, 0, y, z), from + offset(from_, 0, y + 1, z),
                         from + offset(from_, 0, later, z), fy, out);
        return set_outside(from, start, row_y, row_z, out);
      }
    }
    const Value *a = line(from, y, z, kept), *b = line(from, y + 1, z, kept);
    if (fz > 0) {
      const Value *c = line(from, y, z + 1, kept), *d = line(from, y + 1, z + 1, kept);
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = Steps::along_z(Steps::along_y(a[i], b[i], fy), Steps::along_y(c[i], d[i], fy), fz);
    } else {
#pragma GCC ivdep
      for (std::int64_t i = 0; i < count; ++i)
        out[i] = Steps::result(Steps::along_y(a[i], b[i], fy));
    }
    set_outside(from, start, row_y, row_z, out);
  }

  void set_outside(const T* from, const Position& start, std::int64_t row_y, std::int64_t row_z,
                   T* out) const {
    const Sampler<T, sampling> sample{from, from_};
    for (const std::int64_t i : outside_)
      out[i] = sample({map_.at(0, i, row_y, row_z), start.y, start.z});
  }

  SourceMap map_;
  Shape from_, to_;
  std::vector<std::int32_t> left_, right_;  ///< By the output's x: taps, clamped.
  std::vector<Weight> weights_;
  std::vector<std::int32_t> shifts_;  ///< From the left tap of the first of `lanes` outputs.
  Interval windowed_{0, 0};           ///< Chunks in which take_window() finds all taps.
  const std::int64_t pair_lanes_ = has_avx512 ? 16 : 4;
  std::vector<std::uint32_t> orders_;  ///< By the output's x, for take_pairs().
  std::vector<double> fractions_;      ///< The weights, where rows are made at once.
  Interval paired_{0, 0};              ///< Chunks in which take_pairs() finds all taps.
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
