// Two launches: in the first, each group reduces the voxels that its work-items come past in strides of the
// whole range; in the second, one group joins what the groups found. Group sizes are powers of two.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

#define VECTOR4_OF(type) type##4
#define VECTOR4(type) VECTOR4_OF(type)
#ifdef IN_IS_FLOAT
typedef double Sum;
typedef double4 Sum4;
#define TO_SUM4 convert_double4
#define LESS(a, b) fmin(a, b)  // these take the number where the other one is NaN
#define GREATER(a, b) fmax(a, b)
#else
typedef ulong Sum;
typedef ulong4 Sum4;
#define TO_SUM4 convert_ulong4
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

kernel void sum_parts(global const IN* input, const long count, global Sum* parts, local Sum* values) {
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
  if (get_local_id(0) == 0) parts[get_group_id(0)] = values[0];
}

// `divisor`: 1, or the count of voxels for the mean.
kernel void sum_total(global const Sum* parts, const int count, const double divisor, global double* output,
                      local Sum* values) {
  Sum sum = 0;
  for (int i = get_local_id(0); i < count; i += get_local_size(0)) sum += parts[i];
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
kernel void deviation_parts(global const IN* input, const long count, global double4* parts, local double4* values) {
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
  if (get_local_id(0) == 0) parts[get_group_id(0)] = values[0];
}

kernel void deviation_total(global const double4* parts, const int count, global double* output,
                            local double4* values) {
  double4 all = (double4)(0);
  for (int i = get_local_id(0); i < count; i += get_local_size(0)) all = join_deviations(all, parts[i]);
  values[get_local_id(0)] = all;
  JOIN(values, join_deviations)
  if (get_local_id(0) == 0) output[0] = sqrt(values[0].z / values[0].x);
}

// The least and the greatest value of each group, one behind the other. Sets `cells` numbers of `cleared` to 0.
kernel void extrema_parts(global const IN* input, const long count, global IN* parts, local IN* least,
                          local IN* greatest, global uint* cleared, const long cells) {
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
  if (get_local_id(0) == 0) {
    parts[2 * get_group_id(0)] = least[0];
    parts[2 * get_group_id(0) + 1] = greatest[0];
  }
}

// Writes the least and the greatest value; at `least_at` and `greatest_at`, nowhere where that is negative.
kernel void extrema_total(global const IN* parts, const int count, global double* output, const int least_at,
                          const int greatest_at, local IN* least, local IN* greatest) {
  IN low = parts[0], high = parts[1];
  for (int i = get_local_id(0); i < count; i += get_local_size(0)) {
    low = LESS(low, parts[2 * i]);
    high = GREATER(high, parts[2 * i + 1]);
  }
  least[get_local_id(0)] = low;
  greatest[get_local_id(0)] = high;
  JOIN(least, LESS)
  JOIN(greatest, GREATER)
  if (get_local_id(0) == 0) {
    if (least_at >= 0) output[least_at] = (double)least[0];
    if (greatest_at >= 0) output[greatest_at] = (double)greatest[0];
  }
}
