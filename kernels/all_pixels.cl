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
  for (long i = get_global_id(0); i < quads; i += stride) sums += TO_SUM4(vload4(i, input));
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

// Sums of deviations from the mean (x) and of their squares (y).
kernel void deviation_parts(global const IN* input, const long count, global const double* mean,
                            global double2* parts, local double2* values) {
  const long stride = get_global_size(0), quads = count / 4;
  const double m = mean[0];
  double4 deviations = (double4)(0), squares = (double4)(0);
  for (long i = get_global_id(0); i < quads; i += stride) {
    const double4 d = convert_double4(vload4(i, input)) - m;
    deviations += d;
    squares += d * d;
  }
  for (long i = quads * 4 + get_global_id(0); i < count; i += stride) {
    const double d = (double)input[i] - m;
    deviations.x += d;
    squares.x += d * d;
  }
  values[get_local_id(0)] = (double2)((deviations.x + deviations.y) + (deviations.z + deviations.w),
                                      (squares.x + squares.y) + (squares.z + squares.w));
  JOIN(values, ADD)
  if (get_local_id(0) == 0) parts[get_group_id(0)] = values[0];
}

kernel void deviation_total(global const double2* parts, const int count, const double voxels,
                            global double* output, local double2* values) {
  double2 sums = (double2)(0);
  for (int i = get_local_id(0); i < count; i += get_local_size(0)) sums += parts[i];
  values[get_local_id(0)] = sums;
  JOIN(values, ADD)
  if (get_local_id(0) == 0)
    output[0] = sqrt(fmax(0.0, values[0].y - values[0].x * values[0].x / voxels) / voxels);
}

// The least and the greatest value of each group, one behind the other.
kernel void extrema_parts(global const IN* input, const long count, global IN* parts, local IN* least,
                          local IN* greatest) {
  const long stride = get_global_size(0), quads = count / 4;
  VECTOR4(IN) low = (VECTOR4(IN))(input[0]), high = low;
  for (long i = get_global_id(0); i < quads; i += stride) {
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
