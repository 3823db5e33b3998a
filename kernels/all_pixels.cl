// Each group reduces the voxels that its work-items come past in strides of the whole range, and the last group to
// finish joins what the groups found (hand_over in common.cl), in the order of their numbers: the result does not hang
// on who is last. Group sizes are powers of two.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

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

// Joins what the group's work-items have put into `values`; the result is in values[0]. JOIN takes two steps, since a
// barrier costs more than a few reads.
#define JOIN(type, values, join)                                                          \
  barrier(CLK_LOCAL_MEM_FENCE);                                                           \
  {                                                                                       \
    const int item_ = get_local_id(0), items_ = get_local_size(0), most_ = min(items_, 16); \
    type sum_ = values[item_];                                                            \
    if (item_ < most_) {                                                                  \
      _Pragma("unroll 8") for (int k_ = item_ + most_; k_ < items_; k_ += most_)          \
          sum_ = join(sum_, values[k_]);                                                  \
      values[item_] = sum_;                                                               \
    }                                                                                     \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    if (item_ == 0) {                                                                     \
      _Pragma("unroll 8") for (int k_ = 1; k_ < most_; ++k_) sum_ = join(sum_, values[k_]); \
      values[0] = sum_;                                                                   \
    }                                                                                     \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
  }
#define ADD(a, b) ((a) + (b))
#define PAIR_OF(type) type##2
#define PAIR(type) PAIR_OF(type)
#define EXTREMA(a, b) ((PAIR(IN))(LESS((a).x, (b).x), GREATER((a).y, (b).y)))

// Each work-item of the last group takes its share of the two words that each group has handed over: USE(words). Four
// reads are under way, since each takes as long as a trip to memory.
#define WORDS_OF(group) taken_over_2(parts + 2 * (group))
#define TAKE_OVER(parts, USE)                                                             \
  {                                                                                       \
    const int step_ = get_local_size(0), groups_ = get_num_groups(0);                     \
    int group_ = get_local_id(0);                                                         \
    for (; group_ + 3 * step_ < groups_; group_ += 4 * step_) {                           \
      const uint2 a_ = WORDS_OF(group_), b_ = WORDS_OF(group_ + step_);                   \
      const uint2 c_ = WORDS_OF(group_ + 2 * step_), d_ = WORDS_OF(group_ + 3 * step_);   \
      USE(a_) USE(b_) USE(c_) USE(d_)                                                     \
    }                                                                                     \
    for (; group_ < groups_; group_ += step_) {                                           \
      const uint2 a_ = WORDS_OF(group_);                                                  \
      USE(a_)                                                                             \
    }                                                                                     \
  }
#if defined(SUM_ALL)
// `divisor`: 1, or the count of voxels for the mean.
kernel void sum_all(global const IN* input, const long count, volatile global uint* parts,
                    volatile global uint* finished, const uint zero, const double divisor, global double* output,
                    local Sum* values) {
  const long stride = get_global_size(0), quads = count / 4;
  Sum4 sums = (Sum4)(0);
  long i = get_global_id(0);
  for (; i + 3 * stride < quads; i += 4 * stride) {  // four loads under way
    const FOUR(IN) a = READ4(IN, input, 4 * i), b = READ4(IN, input, 4 * (i + stride));
    const FOUR(IN) c = READ4(IN, input, 4 * (i + 2 * stride)), d = READ4(IN, input, 4 * (i + 3 * stride));
    sums += (TO_SUM4(a) + TO_SUM4(b)) + (TO_SUM4(c) + TO_SUM4(d));
  }
  for (; i < quads; i += stride) sums += TO_SUM4(READ4(IN, input, 4 * i));
  for (long i = quads * 4 + get_global_id(0); i < count; i += stride) sums.x += (Sum)input[i];
  values[get_local_id(0)] = (sums.x + sums.y) + (sums.z + sums.w);
  JOIN(Sum, values, ADD)
  local int last;
  if (get_local_id(0) == 0)
    last = finishes_last(finished, hand_over_2(parts + 2 * get_group_id(0), as_uint2(values[0])), zero);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!last) return;
  Sum sum = 0;
#define ADD_WORDS(words) sum += SUM_OF_WORDS(words);
  TAKE_OVER(parts, ADD_WORDS)
  values[get_local_id(0)] = sum;
  JOIN(Sum, values, ADD)
  if (get_local_id(0) == 0) output[0] = (double)values[0] / divisor;
}
#elif defined(DEVIATION_ALL)
// What is left of the sum of squares of `count` deviations from some value, of which `sum` is the sum, when they are
// taken from their mean.
inline double about_mean(const double squares, const double sum, const double count) {
  const double left = squares - sum * (sum / count);
  return left < 0 ? 0 : left;
}

// One pass. Each group takes deviations from its first value, the last group those of all means from the first mean:
// as these belong to the values, the squares that cancel out are never much larger than the sum that stays. A group
// hands over how many voxels it has, their mean and the sum of their squared deviations from it (Chan, Golub and
// LeVeque 1983, but that all are joined at once, which takes no division for each).
kernel void deviation_all(global const IN* input, const long count, volatile global uint* parts,
                          volatile global uint* finished, const uint zero, global double* output,
                          local double4* values) {
  const long stride = get_global_size(0), quads = count / 4, item = get_global_id(0);
  const double shift = (double)input[min((item - (long)get_local_id(0)) * 4, count - 1)];
  double4 deviations = (double4)(0), squares = (double4)(0);
  double counted = 0;
  long i = item;
  for (; i + 3 * stride < quads; i += 4 * stride) {  // four loads under way
    const FOUR(IN) four[4] = {READ4(IN, input, 4 * i), READ4(IN, input, 4 * (i + stride)),
                              READ4(IN, input, 4 * (i + 2 * stride)), READ4(IN, input, 4 * (i + 3 * stride))};
    for (int k = 0; k < 4; ++k) {
      const double4 d = convert_double4(four[k]) - shift;
      deviations += d;
      squares = fma(d, d, squares);
    }
    counted += 16;
  }
  for (; i < quads; i += stride) {
    const double4 d = convert_double4(READ4(IN, input, 4 * i)) - shift;
    deviations += d;
    squares = fma(d, d, squares);
    counted += 4;
  }
  for (long k = quads * 4 + item; k < count; k += stride) {
    const double d = (double)input[k] - shift;
    deviations.x += d;
    squares.x = fma(d, d, squares.x);
    counted += 1;
  }
  values[get_local_id(0)] = (double4)(counted, (deviations.x + deviations.y) + (deviations.z + deviations.w),
                                      (squares.x + squares.y) + (squares.z + squares.w), 0);
  JOIN(double4, values, ADD)
  local int last;
  if (get_local_id(0) == 0) {
    const double4 own = values[0];
    volatile global uint* to = parts + 6 * get_group_id(0);
    const uint old = hand_over_2(to, as_uint2(own.x)) | hand_over_2(to + 2, as_uint2(shift + own.y / own.x)) |
                     hand_over_2(to + 4, as_uint2(about_mean(own.z, own.y, own.x)));
    last = finishes_last(finished, old, zero);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!last) return;
  const double first = as_double(taken_over_2(parts + 2));
  double4 all = (double4)(0);
  for (size_t group = get_local_id(0); group < get_num_groups(0); group += get_local_size(0)) {
    volatile global uint* const from = parts + 6 * group;
    const double voxels = as_double(taken_over_2(from)), d = as_double(taken_over_2(from + 2)) - first;
    all += (double4)(voxels, voxels * d, as_double(taken_over_2(from + 4)) + voxels * d * d, 0);
  }
  values[get_local_id(0)] = all;
  JOIN(double4, values, ADD)
  if (get_local_id(0) == 0) output[0] = sqrt(about_mean(values[0].z, values[0].y, values[0].x) / values[0].x);
}
#elif defined(EXTREMA_ALL)
// Writes the least and the greatest value; at `least_at` and `greatest_at`, nowhere where that is negative. Sets `cells`
// numbers of `cleared` to 0.
kernel void extrema_all(global const IN* input, const long count, volatile global uint* parts,
                        volatile global uint* finished, const uint zero, global double* output, const int least_at,
                        const int greatest_at, global uint* cleared, const long cells,
                        local PAIR(IN)* values) {
  const long stride = get_global_size(0), quads = count / 4;
  for (long i = get_global_id(0); i < cells; i += stride) cleared[i] = 0;
  FOUR(IN) low = (FOUR(IN))(input[0]), high = low;
  long i = get_global_id(0);
  for (; i + 3 * stride < quads; i += 4 * stride) {  // four loads under way
    const FOUR(IN) a = READ4(IN, input, 4 * i), b = READ4(IN, input, 4 * (i + stride));
    const FOUR(IN) c = READ4(IN, input, 4 * (i + 2 * stride)), d = READ4(IN, input, 4 * (i + 3 * stride));
    low = LESS(low, LESS(LESS(a, b), LESS(c, d)));
    high = GREATER(high, GREATER(GREATER(a, b), GREATER(c, d)));
  }
  for (; i < quads; i += stride) {
    const FOUR(IN) v = READ4(IN, input, 4 * i);
    low = LESS(low, v);
    high = GREATER(high, v);
  }
  for (long i = quads * 4 + get_global_id(0); i < count; i += stride) {
    low.x = LESS(low.x, input[i]);
    high.x = GREATER(high.x, input[i]);
  }
  values[get_local_id(0)] = (PAIR(IN))(LESS(LESS(low.x, low.y), LESS(low.z, low.w)),
                                       GREATER(GREATER(high.x, high.y), GREATER(high.z, high.w)));
  JOIN(PAIR(IN), values, EXTREMA)
  local int last;
  if (get_local_id(0) == 0) {
    const uint2 found = (uint2)(WORD_OF(values[0].x), WORD_OF(values[0].y));
    last = finishes_last(finished, hand_over_2(parts + 2 * get_group_id(0), found), zero);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!last) return;
  PAIR(IN) all = values[0];
  barrier(CLK_LOCAL_MEM_FENCE);
#define JOIN_WORDS(words) all = EXTREMA(all, ((PAIR(IN))(VALUE_OF_WORD((words).x), VALUE_OF_WORD((words).y))));
  TAKE_OVER(parts, JOIN_WORDS)
  values[get_local_id(0)] = all;
  JOIN(PAIR(IN), values, EXTREMA)
  if (get_local_id(0) == 0) {
    if (least_at >= 0) output[least_at] = (double)values[0].x;
    if (greatest_at >= 0) output[greatest_at] = (double)values[0].y;
  }
}
#endif
