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
inline float total(accumulator sum) { return sum.high; }
#define TO_SUM(value) value
#else
typedef ulong accumulator;
inline accumulator started(IN value) { return value; }
inline accumulator join(accumulator sum, IN value) { return sum + value; }
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

// Along y or z: a work-item a column. The output's rows are `lines` of `columns` side by side; the voxels of
// a column lie `columns` apart.
kernel void project_columns(global const IN* input, global OUT* output, const long lines, const long columns,
                            const long extent) {
  const long i = get_global_id(0);
  if (i >= lines * columns) return;
  const long first = i / columns * columns * extent + i % columns;
  accumulator sum = started(input[first]);
  for (long k = 1; k < extent; ++k) sum = join(sum, input[first + k * columns]);
  output[i] = finished(sum, extent);
}

#ifdef MAXIMUM
// Along x: a group a row.
kernel void project_rows(global const IN* input, global OUT* output, const long width, const long height,
                         const long depth) {
  local IN best[128];  // no group is larger
  const long row = get_group_id(0);
  const int item = get_local_id(0);
  IN own = input[row * width];  // counted once more where it is not the item's own: to no effect
  for (long x = item; x < width; x += get_local_size(0)) own = join(own, input[row * width + x]);
  best[item] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int count = get_local_size(0); count > 1;) {
    const int half_count = (count + 1) / 2;
    if (item + half_count < count) best[item] = join(best[item], best[item + half_count]);
    barrier(CLK_LOCAL_MEM_FENCE);
    count = half_count;
  }
  if (item == 0) output[row % height * depth + row / height] = best[0];
}
#endif
