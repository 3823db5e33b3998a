// The middle value of the window by bisection on the bits of its order: the least key that at least half of
// the window does not exceed. No sorting, and no memory beyond the window, which stays in registers where
// WINDOW (its size) is given.
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

inline uint key_at(global const IN* input, global const int* offsets, int i, long x, long y, long z,
                   long width, long height, long depth) {
  const long nx = clamp(x + offsets[3 * i], 0L, width - 1);
  const long ny = clamp(y + offsets[3 * i + 1], 0L, height - 1);
  const long nz = clamp(z + offsets[3 * i + 2], 0L, depth - 1);
  return to_key(input[index_of(nx, ny, nz, width, height)]);
}

kernel void median(global const IN* input, global OUT* output, const long width, const long height,
                   const long depth, global const int* offsets, const int size) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
#ifdef WINDOW
  uint keys[WINDOW];
#pragma unroll
  for (int i = 0; i < WINDOW; ++i) keys[i] = key_at(input, offsets, i, x, y, z, width, height, depth);
#define COUNT WINDOW
#define KEY(i) keys[i]
#define UNROLL _Pragma("unroll")
#else
#define UNROLL
#define COUNT size
#define KEY(i) key_at(input, offsets, i, x, y, z, width, height, depth)
#endif
  uint low = 0xffffffffu, high = 0;
  UNROLL for (int i = 0; i < COUNT; ++i) {
    low = min(low, KEY(i));
    high = max(high, KEY(i));
  }
  while (low < high) {
    const uint middle = low + (high - low) / 2;
    int not_above = 0;
    UNROLL for (int i = 0; i < COUNT; ++i) not_above += KEY(i) <= middle;
    if (not_above > size / 2)
      high = middle;
    else
      low = middle + 1;
  }
  output[index_of(x, y, z, width, height)] = from_key(low);
}
