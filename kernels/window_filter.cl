// What a window holds, in one pass. The window comes as rows along x, three ints each: the offsets y and z,
// and the half width. A work-item makes RUN outputs that follow one another along x, so that what their
// windows share is read once. One of MINIMUM, MAXIMUM and MEAN is defined; with BINARY, every value but 0
// counts as 1. NOTHING is what a window without voxels would give.
#define RUN 4

#ifdef MEAN
// A sum and what its roundings have lost of it (Knuth's two-sum): as good as double, also of large windows.
typedef float2 Sum;
inline Sum add(Sum sum, float value) {
  const float total = sum.x + value, part = total - sum.x;
  return (Sum)(total, sum.y + ((sum.x - (total - part)) + (value - part)));
}
#define VALUE(v) convert_float(v)
#define NOTHING (Sum)(0)
#define JOIN(sum, value) add(sum, value)
#define JOIN_ALL(a, b) add(add(a, b.x), b.y)
#define RESULT(sum) TO_OUT((sum.x + sum.y) / divisor)
#else
typedef OUT Sum;
#ifdef BINARY
#define VALUE(v) ((OUT)((v) != 0))
#else
#define VALUE(v) (v)
#endif
#if defined(IN_IS_FLOAT) && !defined(BINARY)
#define LEAST (-INFINITY)
#define GREATEST INFINITY
#define LESSER fmin
#define GREATER fmax
#else
#define LEAST 0
#define GREATEST ((OUT)-1)
#define LESSER min
#define GREATER max
#endif
#ifdef MINIMUM
#define NOTHING GREATEST
#define JOIN(a, b) LESSER(a, b)
#else
#define NOTHING LEAST
#define JOIN(a, b) GREATER(a, b)
#endif
#define JOIN_ALL JOIN
#define RESULT(value) (value)
#endif

kernel void window_filter(global const IN* input, global OUT* output, const long width, const long height,
                          const long depth, global const int* rows, const int count, const float divisor) {
  const long first = (long)get_global_id(0) * RUN, y = get_global_id(1), z = get_global_id(2);
  if (first >= width || y >= height || z >= depth) return;
  Sum results[RUN];
  for (int i = 0; i < RUN; ++i) results[i] = NOTHING;
  for (int row = 0; row < count; ++row) {
    const long from_y = clamp(y + rows[3 * row], 0L, height - 1);
    const long from_z = clamp(z + rows[3 * row + 1], 0L, depth - 1);
    const int half_width = rows[3 * row + 2];
    global const IN* line = input + index_of(0, from_y, from_z, width, height);
#define AT(d) VALUE(line[clamp(first + (d), 0L, width - 1)])
    if (2 * half_width < RUN - 1) {  // nothing is common to all
      for (int d = -half_width; d <= half_width; ++d)
        for (int i = 0; i < RUN; ++i) results[i] = JOIN(results[i], AT(i + d));
    } else {
      Sum common = NOTHING, left = NOTHING, right = NOTHING;
      for (int d = RUN - 1 - half_width; d <= half_width; ++d) common = JOIN(common, AT(d));
      for (int i = RUN - 1; i >= 0; --i) {
        results[i] = JOIN_ALL(results[i], common);
        results[i] = JOIN_ALL(results[i], left);
        left = JOIN(left, AT(i - 1 - half_width));
      }
      for (int i = 0; i < RUN; ++i) {
        results[i] = JOIN_ALL(results[i], right);
        right = JOIN(right, AT(i + 1 + half_width));
      }
    }
  }
  for (int i = 0; i < RUN; ++i)
    if (first + i < width) output[index_of(first + i, y, z, width, height)] = RESULT(results[i]);
}
