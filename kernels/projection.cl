// MAXIMUM, MINIMUM, SUM or MEAN. An accumulator starts with the first value; join() adds another. A value is a voxel or,
// with QUADS, four of them side by side, each of which has its own accumulator.
#ifdef QUADS
#define VALUES_OF(type) FOUR(type)
#define READ(type, pixels, first) READ4(type, pixels, first)
#define WRITE(type, pixels, first) WRITE4(type, pixels, first)
#define TO_FLOAT convert_float4
#define TO_ULONG convert_ulong4
#define TO_UINT_SAT convert_uint4_sat
#define VOXELS 4
#else
#define VALUES_OF(type) type
#define READ(type, pixels, first) ((pixels)[first])
#define WRITE(type, pixels, first) ((pixels)[first])
#define TO_FLOAT convert_float
#define TO_ULONG convert_ulong
#define TO_UINT_SAT convert_uint_sat
#define VOXELS 1
#endif
typedef VALUES_OF(IN) values;

#if defined(MAXIMUM) || defined(MINIMUM)

typedef values accumulator;
inline accumulator started(values value) { return value; }
inline values finished(accumulator best, long count) { return best; }
#ifdef IN_IS_FLOAT  // fmax and fmin take the number where the other one is NaN
#define LARGER fmax
#define SMALLER fmin
#else
#define LARGER max
#define SMALLER min
#endif
inline accumulator join(accumulator best, values value) {
#ifdef MAXIMUM
  return LARGER(best, value);
#else
  return SMALLER(best, value);
#endif
}
#define joined join

#else

#ifdef IN_IS_FLOAT
// The sum, and beside it what its additions rounded off, exactly (Ogita, Rump and Oishi 2005): as good as double, which
// not every device has, and is slow on many.
typedef struct {
  values sum, lost;
} accumulator;
inline accumulator started(values value) { return (accumulator){value, (values)(0)}; }
inline accumulator join(accumulator to, values value) {
  const values sum = to.sum + value, added = sum - to.sum;
  return (accumulator){sum, to.lost + ((to.sum - (sum - added)) + (value - added))};
}
inline accumulator joined(accumulator a, accumulator b) {
  a = join(a, b.sum);
  a.lost += b.lost;
  return a;
}
// Beyond all numbers nothing was rounded off, and inf - inf is NaN.
inline values total(accumulator all) { return select(all.sum, all.sum + all.lost, isfinite(all.sum)); }
#define TO_SUM(value) value
#else
typedef VALUES_OF(ulong) accumulator;
inline accumulator started(values value) { return TO_ULONG(value); }
inline accumulator join(accumulator sum, values value) { return sum + TO_ULONG(value); }
#define joined(a, b) ((a) + (b))
inline accumulator total(accumulator sum) { return sum; }
#define TO_SUM(value) TO_UINT_SAT(value)
#endif
inline VALUES_OF(OUT) finished(accumulator sum, long count) {
#ifdef MEAN
  return TO_FLOAT(total(sum)) / convert_float(count);
#else
  return TO_SUM(total(sum));
#endif
}

#endif

// Along y or z. The output's rows are `lines` of `columns` side by side; the voxels of a column lie `columns` apart. A
// column's voxels are dealt out to the group's rows, of which there are PARTS.
#define LANES 64
#ifdef PARTS
kernel __attribute__((reqd_work_group_size(LANES, PARTS, 1))) void project_columns(
    global const IN* input, global OUT* output, const long lines, const long columns, const long extent) {
  local accumulator sums[PARTS][LANES];
  const int lane = get_local_id(0), part = get_local_id(1);
  const long column = get_global_id(0) * VOXELS, line = get_global_id(2);
  global const IN* const from = input + line * columns * extent + min(column, columns - VOXELS);
  // Parts beyond the extent begin with a voxel that is not theirs, and are left out below.
  accumulator sum = started(READ(IN, from, min((long)part, extent - 1) * columns));
#pragma unroll 8
  for (long k = part + PARTS; k < extent; k += PARTS) sum = join(sum, READ(IN, from, k * columns));
  sums[part][lane] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (part != 0 || column >= columns) return;
  for (int other = 1; other < min((long)PARTS, extent); ++other) sum = joined(sum, sums[other][lane]);
  WRITE(OUT, output, line * columns + column) = finished(sum, extent);
}
#endif

#ifdef MAXIMUM
// Along x: a row of the group a row of the image.
#define ROW_LANES 32
#ifdef GROUP_ROWS
kernel __attribute__((reqd_work_group_size(ROW_LANES, GROUP_ROWS, 1))) void project_rows(
    global const IN* input, global OUT* output, const long width, const long height, const long depth) {
  local IN best[GROUP_ROWS][ROW_LANES];
  const long row = get_global_id(1), rows = height * depth;
  const int lane = get_local_id(0), place = get_local_id(1);
  global const IN* const from = input + min(row, rows - 1) * width;
#ifdef WHOLE_QUADS
  FOUR(IN) four = READ4(IN, from, min(4L * lane, width - 4));
#pragma unroll 8
  for (long x = 4 * (lane + ROW_LANES); x < width; x += 4 * ROW_LANES) four = LARGER(four, READ4(IN, from, x));
  IN own = join(join(four.x, four.y), join(four.z, four.w));
#else
  IN own = from[min((long)lane, width - 1)];
#pragma unroll 8
  for (long x = lane + ROW_LANES; x < width; x += ROW_LANES) own = join(own, from[x]);
#endif
  best[place][lane] = own;
  for (int count = ROW_LANES / 2; count > 0; count /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < count) best[place][lane] = join(best[place][lane], best[place][lane + count]);
  }
  if (lane == 0 && row < rows) output[row % height * depth + row / height] = best[place][0];
}
#endif
#endif
