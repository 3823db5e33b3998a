// MAXIMUM, MINIMUM, SUM or MEAN. An accumulator starts with the first value; join() adds another.
#if defined(MAXIMUM) || defined(MINIMUM)

typedef IN accumulator;
inline accumulator started(IN value) { return value; }
inline IN finished(accumulator best, long count) { return best; }
#ifdef IN_IS_FLOAT  // fmax and fmin take the number where the other one is NaN
#define LARGER fmax
#define SMALLER fmin
#else
#define LARGER max
#define SMALLER min
#endif
inline accumulator join(accumulator best, IN value) {
#ifdef MAXIMUM
  return LARGER(best, value);
#else
  return SMALLER(best, value);
#endif
}
#define joined join

#else

#ifdef IN_IS_FLOAT
// high + low, without overlap: as good as double, which not every device has.
typedef struct {
  float high, low;
} accumulator;
inline accumulator started(IN value) { return (accumulator){value, 0.0f}; }
inline accumulator join(accumulator sum, IN value) {
  const float high = sum.high + value, from_value = high - sum.high;
  // What the addition above has rounded off, exactly.
  const float lost = (sum.high - (high - from_value)) + (value - from_value);
  const float low = sum.low + lost;
  // Beyond all numbers there is nothing to lose, and inf - inf would be NaN.
  if (!isfinite(high)) return (accumulator){high, 0.0f};
  const float both = high + low;
  return (accumulator){both, low - (both - high)};
}
inline accumulator joined(accumulator a, accumulator b) { return join(join(a, b.high), b.low); }
inline float total(accumulator sum) { return sum.high; }
#define TO_SUM(value) value
#else
typedef ulong accumulator;
inline accumulator started(IN value) { return value; }
inline accumulator join(accumulator sum, IN value) { return sum + value; }
#define joined(a, b) ((a) + (b))
inline ulong total(accumulator sum) { return sum; }
#define TO_SUM(value) convert_uint_sat(value)
#endif
inline OUT finished(accumulator sum, long count) {
#ifdef MEAN
  return convert_float(total(sum)) / convert_float(count);
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
  const long column = get_global_id(0), line = get_global_id(2);
  global const IN* const from = input + line * columns * extent + min(column, columns - 1);
  // Parts beyond the extent begin with a voxel that is not theirs, and are left out below.
  accumulator sum = started(from[min((long)part, extent - 1) * columns]);
#pragma unroll 8
  for (long k = part + PARTS; k < extent; k += PARTS) sum = join(sum, from[k * columns]);
  sums[part][lane] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (part != 0 || column >= columns) return;
  for (int other = 1; other < min((long)PARTS, extent); ++other) sum = joined(sum, sums[other][lane]);
  output[line * columns + column] = finished(sum, extent);
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
