// What a window holds: its MEAN, MINIMUM or MAXIMUM, or its values weighted by a GAUSSIAN; with BINARY, every value
// but 0 counts as 1. A work-item makes RUN neighbouring outputs at a time, so that each value it reads serves RUN
// windows. Where the compiler knows a radius, loops over it unroll, and windows stay in registers. A mean of whole
// numbers is EXACT where their sum fits 32 bits.
#ifndef RUN
#define RUN 8  // 4 for a sphere
#endif
#define PAD (RUN - 1)  // zeros before and behind the Gaussian's weights: the ends of a run need no condition
#define BLOCK 64  // sums are of sums of BLOCK terms: a thousand roundings one by one would show in 16 bits

#ifdef QUADS
#define VALUES(type) FOUR(type)
#else
#define VALUES(type) type
#endif
#if defined(MINIMUM) || defined(MAXIMUM)
#if defined(IN_IS_FLOAT) && !defined(BINARY)
typedef VALUES(float) V;
#define LESSER fmin
#define GREATER fmax
#define LEAST (-INFINITY)
#define GREATEST INFINITY
#else
typedef VALUES(uint) V;
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
#define STORED4(value) CONVERT4(OUT)(value)
#elif defined(EXACT)
typedef VALUES(uint) V;
#define JOIN(a, b) ((a) + (b))
#define NOTHING 0u
// Rounded to the nearest: the divisor is odd, so that there is no half.
#define ROUNDED(value) (divisor == 1 ? (value) : ((value) + divisor / 2) / divisor)
#define STORED(value) ((OUT)ROUNDED(value))
#define STORED4(value) CONVERT4(OUT)(ROUNDED(value))
#else
typedef VALUES(float) V;
#define JOIN(a, b) ((a) + (b))
#define NOTHING 0.0f
#ifdef MEAN
#define STORED(value) TO_OUT((value) * scale)
#define STORED4(value) TO_OUT4((value) * scale)
#else
#define STORED(value) TO_OUT(value)
#endif
#endif
#define CONVERT_TO(type) convert_##type
#define CONVERT_TO_(type) CONVERT_TO(type)
#define CONVERT4(type) CONVERT_TO_(FOUR(type))
#ifdef BINARY
#define LOADED(value) ((value) != 0)
#define LOADED4(value) convert_uint4((convert_float4(value) != 0.0f) & 1)
#else
#define LOADED(value) (value)
#if defined(EXACT) || !(defined(IN_IS_FLOAT) || defined(MEAN))
#define LOADED4(value) convert_uint4(value)
#else
#define LOADED4(value) convert_float4(value)
#endif
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
// Eight values at a time, so that the weights of a step come in loads of four. The last step may take values beyond the
// windows; their weights are 0.
#define STEP 8
#define WINDOWS(R, VALUE)                                                                               \
  for (int i = 0; i < RUN; ++i) run[i] = 0;                                                             \
  for (int block = 0; block < RUN + 2 * (R); block += BLOCK) {                                          \
    V some[RUN] = {0};                                                                                  \
    const int end = min(block + BLOCK, RUN + 2 * (R));                                                  \
    for (int d = block; d < end; d += STEP) {                                                           \
      float w[RUN + STEP];                                                                              \
      _Pragma("unroll") for (int k = 0; k < RUN + STEP; k += 4) {                                       \
        const float4 four = *(constant float4*)(weights + d + k);                                       \
        w[k] = four.x;                                                                                  \
        w[k + 1] = four.y;                                                                              \
        w[k + 2] = four.z;                                                                              \
        w[k + 3] = four.w;                                                                              \
      }                                                                                                 \
      _Pragma("unroll") for (int k = 0; k < STEP; ++k) {                                                \
        const V value = VALUE(d + k);                                                                   \
        _Pragma("unroll") for (int i = 0; i < RUN; ++i) some[i] = fma(w[PAD + k - i], value, some[i]);  \
      }                                                                                                 \
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
// Where nothing is common to all: from windows of two and of four values. Spelled out, since compilers leave arrays in
// memory where they see no end of the loops over them.
#define KNOWN_WINDOWS(R, VALUE)                                                                         \
  if (2 * (R) + 1 >= RUN) {                                                                             \
    V common = VALUE(RUN - 1), others = NOTHING; /* two chains hide an operation's latency */           \
    _Pragma("unroll") for (int d = RUN; d + 1 <= 2 * (R); d += 2) {                                     \
      common = JOIN(common, VALUE(d));                                                                  \
      others = JOIN(others, VALUE(d + 1));                                                              \
    }                                                                                                   \
    if ((2 * (R)-RUN) % 2 == 0) common = JOIN(common, VALUE(2 * (R)));                                  \
    common = JOIN(common, others);                                                                      \
    AROUND_COMMON(R, VALUE, common)                                                                     \
  } else {                                                                                              \
    V some[RUN + 2 * (R)], two[RUN + 2 * (R)];                                                          \
    _Pragma("unroll") for (int d = 0; d < RUN + 2 * (R); ++d) some[d] = VALUE(d);                       \
    _Pragma("unroll") for (int d = 0; d + 1 < RUN + 2 * (R); ++d) two[d] = JOIN(some[d], some[d + 1]);  \
    _Pragma("unroll") for (int i = 0; i < RUN; ++i) {                                                   \
      if ((R) == 0) run[i] = some[i];                                                                   \
      if ((R) == 1) run[i] = JOIN(two[i], some[i + 2 * ((R) > 0)]);                                     \
      if ((R) == 2) run[i] = JOIN(JOIN(two[i], two[i + 2 * ((R) > 1)]), some[i + 4 * ((R) > 1)]);       \
      if ((R) == 3)                                                                                     \
        run[i] = JOIN(JOIN(two[i], two[i + 2 * ((R) > 2)]), JOIN(two[i + 4 * ((R) > 2)], some[i + 6 * ((R) > 2)])); \
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

// Tiles of TILE columns and ROWS rows, the halo's among them, go through local memory; RX and RY are the radii. A group
// has a work-item for each run of each row.
#ifdef TILE
#ifndef KNOWN
#define COLUMNS (TILE + 2 * RX + RUN)  // a Gaussian's last step reads so much further
#else
#define COLUMNS (TILE + 2 * RX)
#endif
#define PITCH (COLUMNS | 1)  // odd: neighbouring rows begin in different banks
#define ITEMS (ROWS * TILE / RUN)
// 32 work-items a row of the tile; all loads of a plane are under way before the first of them is needed.
#define TEAMS (ITEMS / 32)
#define ROWS_EACH ((ROWS + TEAMS - 1) / TEAMS)
#define COLUMNS_EACH ((COLUMNS + 31) / 32)
#define FETCH(plane)                                                                                     \
  {                                                                                                      \
    global const IN* const from = input + index_of(x0, y0, clamp(plane, 0L, depth - 1), width, height);  \
    _Pragma("unroll") for (int r = 0; r < ROWS_EACH; ++r) {                                              \
      global const IN* const line = from + clamp(item / 32 + r * TEAMS - RY, top, bottom) * width;       \
      _Pragma("unroll") for (int c = 0; c < COLUMNS_EACH; ++c) fetched[r][c] = LOADED(line[from_x[c]]);  \
    }                                                                                                    \
  }

// Along x, y and z in one pass, plane after plane. In z, each work-item keeps what it makes of 2 RZ + 1 planes: of a box
// what it found in each, of a sphere what is known of the outputs that a plane belongs to. A sphere comes as DISKS of
// COLUMNs along y.
kernel __attribute__((reqd_work_group_size(ROWS, TILE / RUN, 1))) void filter_tiles(
    global const IN* input, global OUT* output, const long width, const long height, const long depth,
    const int planes, constant float* weights, const float scale, const uint divisor) {
  local V tile[ROWS * PITCH];
  const int row = get_local_id(0), item = get_local_id(1) * ROWS + row, inner = ROWS - 2 * RY;
  const long x0 = get_group_id(0) * (long)TILE, y0 = get_group_id(1) * (long)inner;
  const long first = get_group_id(2) * (long)planes, end = min(first + planes, depth);
  // The image's edges, from the tile's first voxel.
  const int left = (int)max(-x0, -(long)RX), right = (int)min(width - 1 - x0, (long)COLUMNS);
  const int top = (int)max(-y0, -(long)RY), bottom = (int)min(height - 1 - y0, (long)ROWS);
  const int x = item % TILE, part = item / TILE * RUN;
  const bool mine = part < inner && x <= right;
  V fetched[ROWS_EACH][COLUMNS_EACH];
  int from_x[COLUMNS_EACH];
#pragma unroll
  for (int c = 0; c < COLUMNS_EACH; ++c) from_x[c] = clamp(item % 32 + 32 * c - RX, left, right);
#if RZ > 0
  V kept[2 * RZ + 1][RUN];
#pragma unroll
  for (int k = 0; k <= 2 * RZ; ++k)
#pragma unroll
    for (int i = 0; i < RUN; ++i) kept[k][i] = NOTHING;
#endif
  FETCH(first - RZ)
  for (long plane = first - RZ; plane < end + RZ; ++plane) {
#pragma unroll
    for (int r = 0; r < ROWS_EACH; ++r)
#pragma unroll
      for (int c = 0; c < COLUMNS_EACH; ++c) {
        const int to_row = item / 32 + r * TEAMS, to_column = item % 32 + 32 * c;
        if (item / 32 < TEAMS && to_row < ROWS && to_column < COLUMNS)
          tile[to_row * PITCH + to_column] = fetched[r][c];
      }
    barrier(CLK_LOCAL_MEM_FENCE);
#ifdef AHEAD
    FETCH(plane + 1)
#endif
    V run[RUN];
#ifndef DISKS
    {
      local V* const line = tile + row * PITCH + get_local_id(1) * RUN;
#define ALONG_X(d) line[d]
#ifdef KNOWN
      KNOWN_WINDOWS(RX, ALONG_X)
#else
      WINDOWS(RX, ALONG_X)
#endif
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
      for (int i = 0; i < RUN; ++i) line[i] = run[i];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
    if (mine) {
      local V* const line = tile + part * PITCH + x;
#ifdef DISKS
#define ALONG_COLUMN(d) line[((d) + RY - reach) * PITCH + RX + offset_x]
#define COLUMN(x, half_height)                                                                           \
  {                                                                                                      \
    const int offset_x = x, reach = half_height;                                                         \
    V run[RUN];                                                                                          \
    KNOWN_WINDOWS(half_height, ALONG_COLUMN)                                                             \
    _Pragma("unroll") for (int i = 0; i < RUN; ++i) disk[i] = JOIN(disk[i], run[i]);                     \
  }
#if RZ > 0
#define KEEP(z)                                                                                          \
  _Pragma("unroll") for (int i = 0; i < RUN; ++i) {                                                      \
    kept[RZ + (z)][i] = JOIN(kept[RZ + (z)][i], disk[i]);                                                \
    if ((z) > 0) kept[RZ - (z)][i] = JOIN(kept[RZ - (z)][i], disk[i]);                                   \
  }
#else
#define KEEP(z) _Pragma("unroll") for (int i = 0; i < RUN; ++i) run[i] = disk[i];
#endif
#define DISK(z, columns)                                                                                 \
  {                                                                                                      \
    V disk[RUN];                                                                                         \
    _Pragma("unroll") for (int i = 0; i < RUN; ++i) disk[i] = NOTHING;                                   \
    columns KEEP(z)                                                                                      \
  }
      DISKS
#else
#define ALONG_Y(d) line[(d) * PITCH]
#ifdef GAUSSIAN
      constant float* const of_x = weights;
      constant float* const weights = of_x + 2 * PAD + 2 * RX + 1;
#endif
      KNOWN_WINDOWS(RY, ALONG_Y)
#if RZ > 0
#pragma unroll
      for (int i = 0; i < RUN; ++i) kept[2 * RZ][i] = run[i];
#endif
#endif
#if RZ > 0
#pragma unroll
      for (int i = 0; i < RUN; ++i) {
        run[i] = kept[0][i];
#ifndef DISKS
#pragma unroll
        for (int k = 1; k <= 2 * RZ; ++k) run[i] = JOIN(run[i], kept[k][i]);
#endif
#pragma unroll
        for (int k = 0; k < 2 * RZ; ++k) kept[k][i] = kept[k + 1][i];
        kept[2 * RZ][i] = NOTHING;
      }
#endif
      if (plane >= first + RZ) {
        global OUT* const to = output + index_of(x0 + x, y0 + part, plane - RZ, width, height);
#pragma unroll
        for (int i = 0; i < RUN; ++i)
          if (part + i < inner && part + i <= bottom) to[i * width] = STORED(run[i]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#elif defined(QUADS)
// Along x and y where both radii, RX and RY, are 4 at the most and the width is a multiple of 4: a work-item takes four
// columns, and all that its windows need of a row are three loads of 16 bytes.
inline V windows_in_row(global const IN* line, const int width, const int x) {
  const V here = LOADED4(READ4(IN, line, x));
  V before = LOADED4(READ4(IN, line, max(x - 4, 0))), after = LOADED4(READ4(IN, line, min(x + 4, width - 4)));
  if (x == 0) before = here.xxxx;
  if (x + 4 >= width) after = here.wwww;
  V all = here;
#if RX >= 1
  all = JOIN(JOIN(all, (V)(before.w, here.xyz)), (V)(here.yzw, after.x));
#endif
#if RX >= 2
  all = JOIN(JOIN(all, (V)(before.zw, here.xy)), (V)(here.zw, after.xy));
#endif
#if RX >= 3
  all = JOIN(JOIN(all, (V)(before.yzw, here.x)), (V)(here.w, after.xyz));
#endif
#if RX >= 4
  all = JOIN(JOIN(all, before), after);
#endif
  return all;
}
kernel void filter_quads(global const IN* input, global OUT* output, const int width, const int height, const int depth,
                         const float scale, const uint divisor) {
  const int x = get_global_id(0) * 4, y = get_global_id(1) * RUN, z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  global const IN* const plane = input + (long)z * height * width;
  V run[RUN];
#define ALONG_Y(d) windows_in_row(plane + (long)clamp(y + (d) - RY, 0, height - 1) * width, width, x)
  KNOWN_WINDOWS(RY, ALONG_Y)
  global OUT* const to = output + ((long)z * height + y) * width;
#pragma unroll
  for (int i = 0; i < RUN; ++i)
    if (y + i < height) WRITE4(OUT, to + (long)i * width, x) = STORED4(run[i]);
}
#elif !defined(SPHERE)
// Along an axis on which neighbours lie `stride` apart: a work-item a run of one of the `lines` lines side by side,
// of `outer` such bundles `outer_stride` apart. R is the radius where it is small.
#ifdef WIDE_STRIDE
typedef long Stride;
#else
typedef int Stride;  // a 32-bit product is a fourth of a 64-bit one's instructions
#endif

kernel void filter_lines(global const IN* input, global OUT* output, const long lines, const long extent,
                         const long stride, const long outer, const long outer_stride, const int radius,
                         constant float* weights, const float scale, const uint divisor) {
  const long first = (long)get_global_id(1) * RUN;
  if (get_global_id(0) >= lines || first >= extent || get_global_id(2) >= outer) return;
  const long begin = get_global_id(0) + get_global_id(2) * outer_stride + first * stride;
  global const IN* const from = input + begin;
  const Stride step = (Stride)stride;
  // The line's ends, from the run's first voxel.
  const int reach = radius + 2 * RUN;
  const int front = (int)max(-first, -(long)reach), back = (int)min(extent - 1 - first, (long)reach);
  V run[RUN];
#ifdef R
#define ALONG(d) (V) LOADED(from[(long)clamp((d) - R, front, back) * step])
  KNOWN_WINDOWS(R, ALONG)
#else
#define ALONG(d) (V) LOADED(from[(long)clamp((d) - radius, front, back) * step])
  WINDOWS(radius, ALONG)
#endif
#pragma unroll
  for (int i = 0; i < RUN; ++i)
    if (i <= back) output[begin + (long)i * step] = STORED(run[i]);
}
#else
// A sphere of any size, as columns along y: three ints each, the offsets x and z, and the half height.
kernel void filter_sphere(global const IN* input, global OUT* output, const long width, const long height,
                          const long depth, global const int* columns, const int count, const float scale,
                          const uint divisor) {
  const long x = get_global_id(0), y = (long)get_global_id(1) * RUN, z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  V found[RUN];
  for (int i = 0; i < RUN; ++i) found[i] = NOTHING;
  // Sums of the planes' sums, so that roundings stay few.
  for (int c = 0; c < count;) {
    const int offset_z = columns[3 * c + 1];
    V sums[RUN];
    for (int i = 0; i < RUN; ++i) sums[i] = NOTHING;
    for (; c < count && columns[3 * c + 1] == offset_z; ++c) {
      const int reach = columns[3 * c + 2];
      global const IN* const line =
          input + index_of(clamp(x + columns[3 * c], 0L, width - 1), 0, clamp(z + offset_z, 0L, depth - 1), width, height);
      V run[RUN];
#define AT(d) (V) LOADED(line[clamp(y - reach + (d), 0L, height - 1) * width])
      if (reach == 0) {
        KNOWN_WINDOWS(0, AT)
      } else if (reach == 1) {
        KNOWN_WINDOWS(1, AT)
      } else {
        WINDOWS(reach, AT)
      }
      for (int i = 0; i < RUN; ++i) sums[i] = JOIN(sums[i], run[i]);
    }
    for (int i = 0; i < RUN; ++i) found[i] = JOIN(found[i], sums[i]);
  }
  for (int i = 0; i < RUN; ++i)
    if (y + i < height) output[index_of(x, y + i, z, width, height)] = STORED(found[i]);
}
#endif
