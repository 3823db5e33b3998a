#ifdef IN_IS_FLOAT
// Order of the keys as unsigned numbers = order of the floats.
inline uint to_key(float value) {
  const uint bits = as_uint(value);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
inline float from_key(uint key) { return as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key); }
#else
#define to_key(value) ((uint)(value))
#define from_key(key) ((IN)(key))
#endif

#ifdef WINDOW
// The middle value of a small window, whose size WINDOW is, by bisection on the bits of its order: the least
// key that at least half of the window does not exceed. No sorting, and the window stays in registers.
kernel void median(global const IN* input, global OUT* output, const long width, const long height,
                   const long depth, global const int* offsets) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  uint keys[WINDOW], low = 0xffffffffu, high = 0;
#pragma unroll
  for (int i = 0; i < WINDOW; ++i) {
    const long nx = clamp(x + offsets[3 * i], 0L, width - 1);
    const long ny = clamp(y + offsets[3 * i + 1], 0L, height - 1);
    const long nz = clamp(z + offsets[3 * i + 2], 0L, depth - 1);
    keys[i] = to_key(input[index_of(nx, ny, nz, width, height)]);
    low = min(low, keys[i]);
    high = max(high, keys[i]);
  }
  while (low < high) {
    const uint middle = low + (high - low) / 2;
    int not_above = 0;
#pragma unroll
    for (int i = 0; i < WINDOW; ++i) not_above += keys[i] <= middle;
    if (not_above > WINDOW / 2)
      high = middle;
    else
      low = middle + 1;
  }
  output[index_of(x, y, z, width, height)] = from_key(low);
}
#endif

// The middle value of any window, digit by digit of its key from the highest: counts how often each digit
// occurs among the keys that agree with what is known. The window comes as rows along x, three ints each:
// the offsets y and z, and the half width.
#define DIGIT 8
kernel void median_by_digits(global const IN* input, global OUT* output, const long width, const long height,
                             const long depth, global const int* rows, const int count, const uint middle) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  uint key = 0, known = 0, rank = middle;
  for (int shift = 8 * sizeof(IN) - DIGIT; shift >= 0; shift -= DIGIT) {
    uint counts[1 << DIGIT];
    for (int digit = 0; digit < 1 << DIGIT; ++digit) counts[digit] = 0;
    for (int row = 0; row < count; ++row) {
      const long from_y = clamp(y + rows[3 * row], 0L, height - 1);
      const long from_z = clamp(z + rows[3 * row + 1], 0L, depth - 1);
      const int half_width = rows[3 * row + 2];
      global const IN* line = input + index_of(0, from_y, from_z, width, height);
      for (int d = -half_width; d <= half_width; ++d) {
        const uint other = to_key(line[clamp(x + d, 0L, width - 1)]);
        if ((other & known) == key) ++counts[other >> shift & ((1 << DIGIT) - 1)];
      }
    }
    uint digit = 0;
    for (; counts[digit] <= rank; ++digit) rank -= counts[digit];
    key |= digit << shift;
    known |= ((1u << DIGIT) - 1) << shift;
  }
  output[index_of(x, y, z, width, height)] = from_key(key);
}
