// Positions are in fixed point, in units of 2^-FRACTION_BITS voxel. LINEAR, or else the voxel at the whole
// part of position + OFFSET; CLAMP, or else voxels outside are 0.
#define FRACTION_BITS 40
#define ONE (1L << FRACTION_BITS)
#define HALF (ONE / 2)
#ifndef PLANES
#define PLANES 1
#define IN_DEPTH 0
#endif

typedef struct {
  global const IN* pixels;
  long width, height, depth;
} image;

inline IN voxel(image in, long x, long y, long z) {
#ifdef CLAMP
  x = clamp(x, 0L, in.width - 1);
  y = clamp(y, 0L, in.height - 1);
  z = clamp(z, 0L, in.depth - 1);
#else
  if (x < 0 || y < 0 || z < 0 || x >= in.width || y >= in.height || z >= in.depth) return 0;
#endif
  return in.pixels[index_of(x, y, z, in.width, in.height)];
}

#ifdef LINEAR
#ifdef IN_IS_FLOAT
typedef float value_type;
// The coordinate's fraction to 24 bits: as many as float holds.
inline float weight(long c) {
  return convert_float((int)((c & (ONE - 1)) >> (FRACTION_BITS - 24))) * 0x1p-24f;
}
inline float between(float a, float b, float f) { return a + f * (b - a); }
#define narrowed(value) (value)
#define without_step(value) (value)
#define result(value) (value)
#else
// Integers are interpolated in integers, by weights of WEIGHT_BITS, so that every engine meets them exactly.
typedef long value_type;
#define WEIGHT_BITS 22
inline long weight(long c) {
  const int dropped = FRACTION_BITS - WEIGHT_BITS;
  return ((c & (ONE - 1)) + (1L << (dropped - 1))) >> dropped;
}
inline long between(long a, long b, long f) { return (a << WEIGHT_BITS) + (b - a) * f; }
inline long narrowed(long value) { return (value + (1L << (WEIGHT_BITS - 1))) >> WEIGHT_BITS; }
inline long without_step(long value) { return value << WEIGHT_BITS; }
// The grey level, rounded half to even.
inline OUT result(long value) {
  const long one = 1L << (2 * WEIGHT_BITS), level = value >> (2 * WEIGHT_BITS), rest = value & (one - 1);
  return (OUT)(level + (rest > one / 2 || (rest == one / 2 && (level & 1))));
}
#endif

inline value_type in_slice(image in, long x, long y, long z, value_type fx, value_type fy) {
  const value_type above = between(voxel(in, x, y, z), voxel(in, x + 1, y, z), fx);
  const value_type below = between(voxel(in, x, y + 1, z), voxel(in, x + 1, y + 1, z), fx);
  return narrowed(between(above, below, fy));
}
// The same where all four voxels are in memory, in rows `width` apart.
#define IN_SLICE(NAME, SPACE)                                                                              \
  inline value_type NAME(SPACE const IN* at, long width, value_type fx, value_type fy) {                   \
    return narrowed(between(between(at[0], at[1], fx), between(at[width], at[width + 1], fx), fy));        \
  }
IN_SLICE(in_slice_inside, global)
IN_SLICE(in_slice_local, local)

inline OUT sampled(image in, long px, long py, long pz) {
  const long x = px >> FRACTION_BITS, y = py >> FRACTION_BITS, z = pz >> FRACTION_BITS;
  const value_type fx = weight(px), fy = weight(py), fz = weight(pz);
  const value_type value = in_slice(in, x, y, z, fx, fy);
  if (fz > 0) return result(between(value, in_slice(in, x, y, z + 1, fx, fy), fz));
  return result(without_step(value));
}

inline bool is_inside(image in, long px, long py, long pz) {
  const long x = px >> FRACTION_BITS, y = py >> FRACTION_BITS, z = pz >> FRACTION_BITS;
  return x >= 0 && y >= 0 && z >= 0 && x < in.width - 1 && y < in.height - 1 && z < in.depth - IN_DEPTH;
}
// The same where all voxels are inside; without tests, a work-item's loads are under way at once. IN_DEPTH is 0 where
// all positions are whole in z, else 1.
inline OUT sampled_inside(image in, long px, long py, long pz) {
  const long x = px >> FRACTION_BITS, y = py >> FRACTION_BITS, z = pz >> FRACTION_BITS;
  const value_type fx = weight(px), fy = weight(py);
  global const IN* const at = in.pixels + index_of(x, y, z, in.width, in.height);
  const value_type value = in_slice_inside(at, in.width, fx, fy);
#if IN_DEPTH
  return result(between(value, in_slice_inside(at + in.width * in.height, in.width, fx, fy), weight(pz)));
#else
  return result(without_step(value));
#endif
}
#else
inline OUT sampled(image in, long px, long py, long pz) {
  return voxel(in, (px + OFFSET) >> FRACTION_BITS, (py + OFFSET) >> FRACTION_BITS,
               (pz + OFFSET) >> FRACTION_BITS);
}
#endif

// map: three rows, of the input's x, y and z: what x, y, z and 1 of the output are multiplied by. A work-item makes
// PLANES voxels that follow one another along z: they share the products. Groups are 8 voxels wide, so that the work-items
// that read at once stay close to each other in the input however it is turned.
kernel void warp(global const IN* input, global OUT* output, const long width, const long height,
                 const long depth, const long out_width, const long out_height, const long out_depth,
                 constant long* map) {
  const long x = get_global_id(0), y = get_global_id(1), z = (long)get_global_id(2) * PLANES;
  if (x >= out_width || y >= out_height || z >= out_depth) return;
  const image in = {input, width, height, depth};
#define POSITION(row) (map[4 * row] * x + map[4 * row + 1] * y + map[4 * row + 2] * z + map[4 * row + 3])
  const long px = POSITION(0), py = POSITION(1), pz = POSITION(2);
  OUT values[PLANES];
#ifdef LINEAR
  // What lies between two positions inside is inside.
  const int last = PLANES - 1;
  if (is_inside(in, px, py, pz) && is_inside(in, px + last * map[2], py + last * map[6], pz + last * map[10])) {
#pragma unroll
    for (int i = 0; i < PLANES; ++i)
      values[i] = sampled_inside(in, px + i * map[2], py + i * map[6], pz + i * map[10]);
  } else
#endif
  {
#pragma unroll
    for (int i = 0; i < PLANES; ++i) values[i] = sampled(in, px + i * map[2], py + i * map[6], pz + i * map[10]);
  }
  global OUT* const to = output + index_of(x, y, z, out_width, out_height);
#pragma unroll
  for (int i = 0; i < PLANES; ++i)
    if (z + i < out_depth) to[i * out_width * out_height] = values[i];
}

#ifdef BOX_WIDTH
// The same where each plane of the output comes from one of the input, turned in the plane: neighbours in the output then
// lie in many rows of the input, and the memory gives rows. A group makes tiles of TILE by TILE voxels, plane after plane,
// from the box that holds all voxels that a tile needs, read row by row.
#define TILE 32
#define ROWS 8
#define ROWS_EACH ((BOX_HEIGHT + ROWS - 1) / ROWS)
#define COLUMNS_EACH ((BOX_WIDTH + TILE - 1) / TILE)
// Twice an odd number: steps along a row, a column or a diagonal meet different banks, or each bank twice.
#define PITCH (BOX_WIDTH + ((2 - BOX_WIDTH) & 3))
#define LEAST(row) (min((TILE - 1) * map[4 * row], 0L) + min((TILE - 1) * map[4 * row + 1], 0L))
#define FETCH(plane)                                                                                       \
  {                                                                                                        \
    const long from_z = ((plane)*map[10] + map[11]) >> FRACTION_BITS;                                      \
    _Pragma("unroll") for (int r = 0; r < ROWS_EACH; ++r)                                                  \
        _Pragma("unroll") for (int c = 0; c < COLUMNS_EACH; ++c) fetched[r][c] =                           \
            voxel(in, box_x + lane + c * TILE, box_y + row + r * ROWS, from_z);                            \
  }
kernel __attribute__((reqd_work_group_size(TILE, ROWS, 1))) void warp_planes(
    global const IN* input, global OUT* output, const long width, const long height, const long depth,
    const long out_width, const long out_height, const long out_depth, constant long* map, const int planes) {
  local IN box[BOX_HEIGHT * PITCH];
  const image in = {input, width, height, depth};
  const int lane = get_local_id(0), row = get_local_id(1);
  const long x0 = get_group_id(0) * TILE, y0 = get_group_id(1) * TILE, first = get_group_id(2) * (long)planes;
  const long end = min(first + planes, out_depth);
#define IN_PLANE(row, x, y) (map[4 * row] * (x) + map[4 * row + 1] * (y) + map[4 * row + 3])
  const long box_x = (IN_PLANE(0, x0, y0) + LEAST(0)) >> FRACTION_BITS;
  const long box_y = (IN_PLANE(1, x0, y0) + LEAST(1)) >> FRACTION_BITS;
  int at[TILE / ROWS];
  value_type fx[TILE / ROWS], fy[TILE / ROWS];
#pragma unroll
  for (int i = 0; i < TILE / ROWS; ++i) {
    const long px = IN_PLANE(0, x0 + lane, y0 + row + i * ROWS), py = IN_PLANE(1, x0 + lane, y0 + row + i * ROWS);
    at[i] = (int)((py >> FRACTION_BITS) - box_y) * PITCH + (int)((px >> FRACTION_BITS) - box_x);
    fx[i] = weight(px);
    fy[i] = weight(py);
  }
  IN fetched[ROWS_EACH][COLUMNS_EACH];
  FETCH(first)
  for (long z = first; z < end; ++z) {
#pragma unroll
    for (int r = 0; r < ROWS_EACH; ++r)
#pragma unroll
      for (int c = 0; c < COLUMNS_EACH; ++c)
        if (row + r * ROWS < BOX_HEIGHT && lane + c * TILE < BOX_WIDTH)
          box[(row + r * ROWS) * PITCH + lane + c * TILE] = fetched[r][c];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (z + 1 < end) FETCH(z + 1)
    global OUT* const to = output + index_of(x0 + lane, y0 + row, z, out_width, out_height);
#pragma unroll
    for (int i = 0; i < TILE / ROWS; ++i) {
      const OUT value = result(without_step(in_slice_local(box + at[i], PITCH, fx[i], fy[i])));
      if (x0 + lane < out_width && y0 + row + i * ROWS < out_height) to[i * ROWS * out_width] = value;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#endif

// directions: what x and y of the input grow by from one radius to the next, for each angle.
kernel void radial_reslice(global const IN* input, global OUT* output, const long width, const long height,
                           const long depth, const long radii, const long angles,
                           global const long* directions) {
  const long radius = get_global_id(0), z = get_global_id(1), angle = get_global_id(2);
  if (radius >= radii || z >= depth || angle >= angles) return;
  const image in = {input, width, height, depth};
  const long px = width / 2 * ONE + radius * directions[2 * angle];
  const long py = height / 2 * ONE + radius * directions[2 * angle + 1], pz = z * ONE;
  global OUT* const to = output + index_of(radius, z, angle, radii, depth);
#ifdef LINEAR
  if (is_inside(in, px, py, pz)) {
    *to = sampled_inside(in, px, py, pz);
    return;
  }
#endif
  *to = sampled(in, px, py, pz);
}
