// What a window holds: its MEAN, MINIMUM or MAXIMUM, or its values weighted by a GAUSSIAN; with BINARY, every value
// but 0 counts as 1. A work-item makes RUN neighbouring outputs at a time, so that each value it reads serves RUN
// windows. RX, RY and RZ are a box's radii where they are small: loops over them unroll, and windows stay in
// registers. A mean of whole numbers is EXACT where their sum fits 32 bits.
#ifndef RUN
#define RUN 8  // 4 for a sphere
#endif
#define PAD (RUN - 1)  // zeros before and behind the Gaussian's weights: the ends of a run need no condition
#define BLOCK 64  // sums are of sums of BLOCK terms: a thousand roundings one by one would show in 16 bits

#if defined(MINIMUM) || defined(MAXIMUM)
#if defined(IN_IS_FLOAT) && !defined(BINARY)
typedef float V;
#define LESSER fmin
#define GREATER fmax
#define LEAST (-INFINITY)
#define GREATEST INFINITY
#else
typedef uint V;
#define LESSER min
#define GREATER max
#define LEAST 0u
#define GREATEST 0xffffffffu
#endif
#ifdef MINIMUM
#define JOIN LESSER
#define NOTHING GREATEST
#else
#define JOIN GREATER
#define NOTHING LEAST
#endif
#define STORED(value) ((OUT)(value))
#elif defined(EXACT)
typedef uint V;
#define JOIN(a, b) ((a) + (b))
#define NOTHING 0u
// Rounded to the nearest: the divisor is odd, so that there is no half.
#define STORED(value) ((OUT)(divisor == 1 ? (value) : ((value) + divisor / 2) / divisor))
#else
typedef float V;
#define JOIN(a, b) ((a) + (b))
#define NOTHING 0.0f
#ifdef MEAN
#define STORED(value) TO_OUT((value) * scale)
#else
#define STORED(value) TO_OUT(value)
#endif
#endif
#ifdef BINARY
#define LOADED(value) ((value) != 0)
#else
#define LOADED(value) (value)
#endif

// run[i] = the window of VALUE(i) ... VALUE(i + 2 R), R known to the compiler.
#ifdef GAUSSIAN
#define KNOWN_WINDOWS(R, VALUE)                                                                         \
  _Pragma("unroll") for (int i = 0; i < RUN; ++i) run[i] = 0;                                           \
  _Pragma("unroll") for (int d = 0; d < RUN + 2 * (R); ++d) {                                           \
    const V value = VALUE(d);                                                                           \
    _Pragma("unroll") for (int i = 0; i < RUN; ++i) if (d >= i && d <= i + 2 * (R))                     \
        run[i] = fma(weights[PAD + (d - i < (R) ? d - i : 2 * (R) - d + i)], value, run[i]);            \
  }
#define WINDOWS(R, VALUE)                                                                               \
  for (int i = 0; i < RUN; ++i) run[i] = 0;                                                             \
  for (int block = 0; block < RUN + 2 * (R); block += BLOCK) {                                          \
    V some[RUN] = {0};                                                                                  \
    const int end = min(block + BLOCK, RUN + 2 * (R));                                                  \
    _Pragma("unroll 8") for (int d = block; d < end; ++d) {                                             \
      const V value = VALUE(d);                                                                         \
      _Pragma("unroll") for (int i = 0; i < RUN; ++i) some[i] = fma(weights[PAD + d - i], value, some[i]); \
    }                                                                                                   \
    _Pragma("unroll") for (int i = 0; i < RUN; ++i) run[i] += some[i];                                  \
  }
#else
// Of what all windows have in common, and what each has besides on its two sides.
#define AROUND_COMMON(R, VALUE, common)                                                                 \
  V side = common;                                                                                      \
  _Pragma("unroll") for (int i = RUN - 1; i > 0; --i) {                                                 \
    run[i] = side;                                                                                      \
    side = JOIN(side, VALUE(i - 1));                                                                    \
  }                                                                                                     \
  run[0] = side;                                                                                        \
  side = VALUE(2 * (R) + 1);                                                                            \
  _Pragma("unroll") for (int i = 1; i < RUN; ++i) {                                                     \
    run[i] = JOIN(run[i], side);                                                                        \
    if (i + 1 < RUN) side = JOIN(side, VALUE(2 * (R) + 1 + i));                                         \
  }
// Where nothing is common to all: from windows of 1, 2 and 4 values, as the width's binary digits say.
#define KNOWN_WINDOWS(R, VALUE)                                                                         \
  if (2 * (R) + 1 >= RUN) {                                                                             \
    V common = VALUE(RUN - 1);                                                                          \
    _Pragma("unroll") for (int d = RUN; d <= 2 * (R); ++d) common = JOIN(common, VALUE(d));             \
    AROUND_COMMON(R, VALUE, common)                                                                     \
  } else {                                                                                              \
    V some[RUN + 2 * (R)];                                                                              \
    _Pragma("unroll") for (int d = 0; d < RUN + 2 * (R); ++d) some[d] = VALUE(d);                       \
    _Pragma("unroll") for (int i = 0; i < RUN; ++i) run[i] = some[i];                                   \
    _Pragma("unroll") for (int digit = 1; digit <= 2; ++digit) {                                        \
      const int size = 1 << digit;                                                                      \
      if (size <= 2 * (R) + 1) {                                                                        \
        _Pragma("unroll") for (int d = 0; d + size <= RUN + 2 * (R); ++d)                               \
            some[d] = JOIN(some[d], some[d + size / 2]);                                                \
        const int taken = (2 * (R) + 1) % size;                                                         \
        if ((2 * (R) + 1) & size)                                                                       \
          _Pragma("unroll") for (int i = 0; i < RUN; ++i) run[i] = JOIN(run[i], some[i + taken]);       \
      }                                                                                                 \
    }                                                                                                   \
  }
// Radii that the compiler does not know are RUN / 2 at the least.
#define WINDOWS(R, VALUE)                                                                               \
  V common = VALUE(RUN - 1);                                                                            \
  for (int block = RUN; block <= 2 * (R); block += BLOCK) {                                             \
    V some = VALUE(block);                                                                              \
    const int end = min(block + BLOCK, 2 * (R) + 1);                                                    \
    _Pragma("unroll 8") for (int d = block + 1; d < end; ++d) some = JOIN(some, VALUE(d));              \
    common = JOIN(common, some);                                                                        \
  }                                                                                                     \
  AROUND_COMMON(R, VALUE, common)
#endif

#ifdef RX
#define WINDOWS_X(VALUE) KNOWN_WINDOWS(RX, VALUE)
#else
#define RX radius
#define WINDOWS_X(VALUE) WINDOWS(RX, VALUE)
#endif

// Along x, y (RY) and z (RZ) in one pass. A group takes tiles of TILE columns through local memory, plane after
// plane; get_local_id(0) is a tile's row, get_local_id(1) a run of it. In z, each work-item keeps what it found
// in the 2 RZ planes before.
#ifdef TILE
#define PITCH (TILE + 2 * RX + 1)  // odd: neighbouring rows begin in different banks
kernel void filter_tiles(global const IN* input, global OUT* output, const long width, const long height,
                         const long depth, const int planes, const int radius, constant float* weights,
                         const float scale, const uint divisor, local V* tile) {
  const int row = get_local_id(0), rows = get_local_size(0), column = get_local_id(1) * RUN;
  const int item = get_local_id(1) * rows + row, teams = rows * (TILE / RUN) / 32;
  const long x0 = get_group_id(0) * (long)TILE, y0 = get_group_id(1) * (long)(rows - 2 * RY);
  const long first = get_group_id(2) * (long)planes, end = min(first + planes, depth);
  const int x = item % TILE, part = item / TILE * RUN;
  const bool mine = part < rows - 2 * RY && x0 + x < width;
#if RZ > 0
  V before[2 * RZ][RUN];
#endif
  for (long plane = first - RZ; plane < end + RZ; ++plane) {
    const long z = clamp(plane, 0L, depth - 1);
    if (item / 32 < teams)
      for (int r = item / 32; r < rows; r += teams) {
        global const IN* line = input + index_of(0, clamp(y0 + r - RY, 0L, height - 1), z, width, height);
#pragma unroll
        for (int c = item % 32; c < TILE + 2 * RX; c += 32)
          tile[r * PITCH + c] = LOADED(line[clamp(x0 + c - RX, 0L, width - 1)]);
      }
    barrier(CLK_LOCAL_MEM_FENCE);
    V run[RUN];
    {
      local V* const line = tile + row * PITCH + column;
#define ALONG_X(d) line[d]
      WINDOWS_X(ALONG_X)
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
      for (int i = 0; i < RUN; ++i) line[i] = run[i];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (mine) {
      local V* const line = tile + part * PITCH + x;
#define ALONG_Y(d) line[(d) * PITCH]
#ifdef GAUSSIAN
      constant float* const of_x = weights;
      constant float* const weights = of_x + 2 * PAD + 2 * RX + 1;
#endif
      KNOWN_WINDOWS(RY, ALONG_Y)
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (mine) {
#if RZ > 0
#pragma unroll
      for (int i = 0; i < RUN; ++i) {
        const V here = run[i];
#pragma unroll
        for (int k = 0; k < 2 * RZ; ++k) {
          run[i] = JOIN(run[i], before[k][i]);
          before[k][i] = k + 1 < 2 * RZ ? before[k + 1][i] : here;
        }
      }
#endif
      if (plane >= first + RZ)
#pragma unroll
        for (int i = 0; i < RUN; ++i)
          if (part + i < rows - 2 * RY && y0 + part + i < height)
            output[index_of(x0 + x, y0 + part + i, plane - RZ, width, height)] = STORED(run[i]);
    }
  }
}
#elif !defined(SPHERE)
// Along an axis on which neighbours lie `stride` apart: a work-item a run of one of the `lines` lines side by side,
// of `outer` such bundles `outer_stride` apart.
kernel void filter_lines(global const IN* input, global OUT* output, const long lines, const long extent,
                         const long stride, const long outer, const long outer_stride, const int radius,
                         constant float* weights, const float scale, const uint divisor) {
  const long first = (long)get_global_id(1) * RUN;
  if (get_global_id(0) >= lines || first >= extent || get_global_id(2) >= outer) return;
  const long begin = get_global_id(0) + get_global_id(2) * outer_stride;
  V run[RUN];
#define ALONG(d) (V) LOADED(input[begin + clamp(first + (d) - RX, 0L, extent - 1) * stride])
  WINDOWS_X(ALONG)
#pragma unroll
  for (int i = 0; i < RUN; ++i)
    if (first + i < extent) output[begin + (first + i) * stride] = STORED(run[i]);
}
#else
// A sphere, as columns along y: two ints each, the offset x and the half height, ordered by the offset z.
// A group makes PLANES planes of a tile of get_local_size(0) columns, and takes the planes of the input that they
// see through local memory; without TILED, windows that are too large for that come from the image itself.
// starts[k]: the first column of the offset z = k - radius_z.
#ifdef TILED
#define AT(d) tile[(part + radius_y - reach + (d)) * pitch + item + radius_x + offset_x]
#else
#define AT(d)                                                                                            \
  (V) LOADED(input[index_of(clamp(x0 + item + offset_x, 0L, width - 1),                                  \
                            clamp(y0 + part - reach + (d), 0L, height - 1), z, width, height)])
#endif
kernel void filter_sphere(global const IN* input, global OUT* output, const long width, const long height,
                          const long depth, const int radius_x, const int radius_y, const int radius_z,
                          constant int* columns, constant int* starts, const float scale, const uint divisor,
                          local V* tile) {
  const int item = get_local_id(0), part = get_local_id(1) * RUN, pitch = get_local_size(0) + 2 * radius_x;
  const int rows = get_local_size(1) * RUN + 2 * radius_y;
  const long x0 = get_group_id(0) * (long)get_local_size(0), y0 = get_group_id(1) * (long)(rows - 2 * radius_y);
  const long first = get_group_id(2) * (long)PLANES;
  V found[PLANES][RUN];
#pragma unroll
  for (int k = 0; k < PLANES; ++k)
#pragma unroll
    for (int i = 0; i < RUN; ++i) found[k][i] = NOTHING;
  for (long plane = first - radius_z; plane < first + PLANES + radius_z; ++plane) {
    const long z = clamp(plane, 0L, depth - 1);
#ifdef TILED
    for (int r = get_local_id(1); r < rows; r += get_local_size(1)) {
      global const IN* line = input + index_of(0, clamp(y0 + r - radius_y, 0L, height - 1), z, width, height);
      for (int c = item; c < pitch; c += get_local_size(0))
        tile[r * pitch + c] = LOADED(line[clamp(x0 + c - radius_x, 0L, width - 1)]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
#pragma unroll
    for (int k = 0; k < PLANES; ++k) {
      const int at = (int)(plane - first) - k + radius_z;
      if (at < 0 || at > 2 * radius_z) continue;
      V sums[RUN];
#pragma unroll
      for (int i = 0; i < RUN; ++i) sums[i] = NOTHING;
      for (int c = starts[at]; c < starts[at + 1]; ++c) {
        const int offset_x = columns[2 * c], reach = columns[2 * c + 1];
        V run[RUN];
        switch (reach) {
          case 0: { KNOWN_WINDOWS(0, AT) } break;
          case 1: { KNOWN_WINDOWS(1, AT) } break;
          default: { WINDOWS(reach, AT) }
        }
#pragma unroll
        for (int i = 0; i < RUN; ++i) sums[i] = JOIN(sums[i], run[i]);
      }
#pragma unroll
      for (int i = 0; i < RUN; ++i) found[k][i] = JOIN(found[k][i], sums[i]);
    }
#ifdef TILED
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
  }
  if (x0 + item < width)
#pragma unroll
    for (int k = 0; k < PLANES; ++k)
#pragma unroll
      for (int i = 0; i < RUN; ++i)
        if (y0 + part + i < height && first + k < depth)
          output[index_of(x0 + item, y0 + part + i, first + k, width, height)] = STORED(found[k][i]);
}
#endif
