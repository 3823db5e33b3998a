// Each group reduces the voxels that its work-items come past in strides of the whole range, and the last group to
// finish joins what the groups found (hand_over in common.cl), in the order of their numbers: the result does not hang
// on who is last. Group sizes are powers of two.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

#define VECTOR4_OF(type) type##4
#define VECTOR4(type) VECTOR4_OF(type)
#ifdef IN_IS_FLOAT
typedef double Sum;
typedef double4 Sum4;
#define TO_SUM4 convert_double4
#define SUM_OF_WORDS as_double
#define WORD_OF as_uint
#define VALUE_OF_WORD as_float
#define LESS(a, b) fmin(a, b)  // these take the number where the other one is NaN
#define GREATER(a, b) fmax(a, b)
#else
typedef ulong Sum;
typedef ulong4 Sum4;
#define TO_SUM4 convert_ulong4
#define SUM_OF_WORDS as_ulong
#define WORD_OF(value) ((uint)(value))
#define VALUE_OF_WORD(word) ((IN)(word))
#define LESS(a, b) min(a, b)
#define GREATER(a, b) max(a, b)
#endif

// Joins what the group's work-items have put into `values`; the result is in values[0].
#define JOIN(values, join)                                              \
  barrier(CLK_LOCAL_MEM_FENCE);                                         \
  for (size_t half_ = get_local_size(0) / 2; half_ > 0; half_ /= 2) {   \
    const size_t item_ = get_local_id(0);                               \
    if (item_ < half_) values[item_] = join(values[item_], values[item_ + half_]); \
    barrier(CLK_LOCAL_MEM_FENCE);                                       \
  }
#define ADD(a, b) ((a) + (b))

// `divisor`: 1, or the count of voxels for the mean.
kernel void sum_all(global const IN* input, const long count, volatile global uint* parts,
                    volatile global uint* finished, const uint zero, const double divisor, global double* output,
                    local Sum* values) {
  const long stride = get_global_size(0), quads = count / 4;
  Sum4 sums = (Sum4)(0);
  long i = get_global_id(0);
  for (; i + 3 * stride < quads; i += 4 * stride) {  // four loads under way
    const VECTOR4(IN) a = vload4(i, input), b = vload4(i + stride, input);
    const VECTOR4(IN) c = vload4(i + 2 * stride, input), d = vload4(i + 3 * stride, input);
    sums += (TO_SUM4(a) + TO_SUM4(b)) + (TO_SUM4(c) + TO_SUM4(d));
  }
  for (; i < quads; i += stride) sums += TO_SUM4(vload4(i, input));
  for (long i = quads * 4 + get_global_id(0); i < count; i += stride) sums.x += (Sum)input[i];
  values[get_local_id(0)] = (sums.x + sums.y) + (sums.z + sums.w);
  JOIN(values, ADD)
  local int last;
  if (get_local_id(0) == 0)
    last = finishes_last(finished, hand_over_2(parts + 2 * get_group_id(0), as_uint2(values[0])), zero);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!last) return;
  Sum sum = 0;
  for (size_t i = get_local_id(0); i < get_num_groups(0); i += get_local_size(0))
    sum += SUM_OF_WORDS(taken_over_2(parts + 2 * i));
  values[get_local_id(0)] = sum;
  JOIN(values, ADD)
  if (get_local_id(0) == 0) output[0] = (double)values[0] / divisor;
}

// A count of values (x), their mean (y) and the sum of their squared deviations from it (z). Two of these joined give
// those of all values (Chan, Golub and LeVeque 1983).
inline double4 join_deviations(const double4 a, const double4 b) {
  const double count = a.x + b.x, difference = b.y - a.y;
  if (a.x == 0) return b;
  if (b.x == 0) return a;
  return (double4)(count, a.y + difference * (b.x / count), a.z + b.z + difference * difference * (a.x / count * b.x), 0);
}

// One pass. Each work-item takes deviations from the first value that it meets: as that one belongs to the values, the
// squares that cancel out are never much larger than the sum that stays.
kernel void deviation_all(global const IN* input, const long count, volatile global uint* parts,
                          volatile global uint* finished, const uint zero, global double* output,
                          local double4* values) {
  const long stride = get_global_size(0), quads = count / 4, item = get_global_id(0);
  const double shift = (double)input[min(item * 4, count - 1)];
  double4 deviations = (double4)(0), squares = (double4)(0);
  double counted = 0;
  long i = item;
  for (; i + stride < quads; i += 2 * stride) {  // two loads under way
    const VECTOR4(IN) v = vload4(i, input), w = vload4(i + stride, input);
    const double4 d = convert_double4(v) - shift, e = convert_double4(w) - shift;
    deviations += d + e;
    squares += d * d + e * e;
    counted += 8;
  }
  for (; i < quads; i += stride) {
    const double4 d = convert_double4(vload4(i, input)) - shift;
    deviations += d;
    squares += d * d;
    counted += 4;
  }
  for (long k = quads * 4 + item; k < count; k += stride) {
    const double d = (double)input[k] - shift;
    deviations.x += d;
    squares.x += d * d;
    counted += 1;
  }
  const double sum = (deviations.x + deviations.y) + (deviations.z + deviations.w);
  const double squared = (squares.x + squares.y) + (squares.z + squares.w), mean = sum / fmax(1.0, counted);
  values[get_local_id(0)] = (double4)(counted, shift + mean, fmax(0.0, squared - sum * mean), 0);
  JOIN(values, join_deviations)
  local int last;
  if (get_local_id(0) == 0) {
    volatile global uint* own = parts + 6 * get_group_id(0);
    const uint old = hand_over_2(own, as_uint2(values[0].x)) | hand_over_2(own + 2, as_uint2(values[0].y)) |
                     hand_over_2(own + 4, as_uint2(values[0].z));
    last = finishes_last(finished, old, zero);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!last) return;
  double4 all = (double4)(0);
  for (size_t i = get_local_id(0); i < get_num_groups(0); i += get_local_size(0)) {
    volatile global uint* part = parts + 6 * i;
    all = join_deviations(all, (double4)(as_double(taken_over_2(part)), as_double(taken_over_2(part + 2)),
                                         as_double(taken_over_2(part + 4)), 0));
  }
  values[get_local_id(0)] = all;
  JOIN(values, join_deviations)
  if (get_local_id(0) == 0) output[0] = sqrt(values[0].z / values[0].x);
}

// Writes the least and the greatest value; at `least_at` and `greatest_at`, nowhere where that is negative. Sets `cells`
// numbers of `cleared` to 0.
kernel void extrema_all(global const IN* input, const long count, volatile global uint* parts,
                        volatile global uint* finished, const uint zero, global double* output, const int least_at,
                        const int greatest_at, global uint* cleared, const long cells, local IN* least,
                        local IN* greatest) {
  const long stride = get_global_size(0), quads = count / 4;
  for (long i = get_global_id(0); i < cells; i += stride) cleared[i] = 0;
  VECTOR4(IN) low = (VECTOR4(IN))(input[0]), high = low;
  long i = get_global_id(0);
  for (; i + 3 * stride < quads; i += 4 * stride) {  // four loads under way
    const VECTOR4(IN) a = vload4(i, input), b = vload4(i + stride, input);
    const VECTOR4(IN) c = vload4(i + 2 * stride, input), d = vload4(i + 3 * stride, input);
    low = LESS(low, LESS(LESS(a, b), LESS(c, d)));
    high = GREATER(high, GREATER(GREATER(a, b), GREATER(c, d)));
  }
  for (; i < quads; i += stride) {
    const VECTOR4(IN) v = vload4(i, input);
    low = LESS(low, v);
    high = GREATER(high, v);
  }
  for (long i = quads * 4 + get_global_id(0); i < count; i += stride) {
    low.x = LESS(low.x, input[i]);
    high.x = GREATER(high.x, input[i]);
  }
  least[get_local_id(0)] = LESS(LESS(low.x, low.y), LESS(low.z, low.w));
  greatest[get_local_id(0)] = GREATER(GREATER(high.x, high.y), GREATER(high.z, high.w));
  JOIN(least, LESS)
  JOIN(greatest, GREATER)
  local int last;
  if (get_local_id(0) == 0) {
    const uint2 found = (uint2)(WORD_OF(least[0]), WORD_OF(greatest[0]));
    last = finishes_last(finished, hand_over_2(parts + 2 * get_group_id(0), found), zero);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!last) return;
  IN lowest = least[0], highest = greatest[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  for (size_t i = get_local_id(0); i < get_num_groups(0); i += get_local_size(0)) {
    const uint2 found = taken_over_2(parts + 2 * i);
    lowest = LESS(lowest, VALUE_OF_WORD(found.x));
    highest = GREATER(highest, VALUE_OF_WORD(found.y));
  }
  least[get_local_id(0)] = lowest;
  greatest[get_local_id(0)] = highest;
  JOIN(least, LESS)
  JOIN(greatest, GREATER)
  if (get_local_id(0) == 0) {
    if (least_at >= 0) output[least_at] = (double)least[0];
    if (greatest_at >= 0) output[greatest_at] = (double)greatest[0];
  }
}
