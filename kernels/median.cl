// The middle value of a window.
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

// Groups of 32 x GROUP_ROWS work-items share a tile of the image with its halo, of radii RX, RY and RZ.
#define LINE (32 + 2 * RX)
#define LOADS_A_LINE ((LINE + 31) / 32)
// Where the work-item's voxels of a line lie, and where a line begins.
#define COLUMNS_OF_ITEM                                                                          \
  int from_x[LOADS_A_LINE];                                                                      \
  _Pragma("unroll") for (int c = 0; c < LOADS_A_LINE; ++c) from_x[c] =                           \
      (int)(clamp(x0 + (int)get_local_id(0) + 32 * c - RX, 0L, width - 1) - x0);
#define LINE_OF_IMAGE(row, plane)                                                                \
  (input + index_of(x0, clamp(y0 + (row) - RY, 0L, height - 1), clamp(z + (plane) - RZ, 0L, depth - 1), \
                    width, height))

// Small windows: by sorting networks, two outputs at a time that follow one another along y. Of the SHARED values in
// both windows only those can be the middle one whose rank the OWN values of an output may lift to the middle: these
// are sorted once, the own ones for each output, and of two sorted lists the middle is min over i of
// max(a[i], b[k - i]). The lists of loads, comparators and picks are generated for the window.
#ifdef NETWORK
#ifdef IN_IS_FLOAT
typedef float V;
#define LESSER fmin
#define GREATER fmax
#else
typedef uint V;
#define LESSER min
#define GREATER max
#endif
kernel __attribute__((reqd_work_group_size(32, GROUP_ROWS, 1))) void median_of_pairs(
    global const IN* input, global OUT* output, const long width, const long height, const long depth) {
  local V tile[2 * RZ + 1][2 * GROUP_ROWS + 2 * RY][LINE];
  const long x0 = get_group_id(0) * 32L, y0 = get_group_id(1) * (2L * GROUP_ROWS), z = get_group_id(2);
  COLUMNS_OF_ITEM
#pragma unroll
  for (int plane = 0; plane < 2 * RZ + 1; ++plane)
#pragma unroll
    for (int begin = 0; begin < 2 * GROUP_ROWS + 2 * RY; begin += GROUP_ROWS) {
      const int row = begin + get_local_id(1);
      global const IN* const line = LINE_OF_IMAGE(row, plane);
#pragma unroll
      for (int c = 0; c < LOADS_A_LINE; ++c)
        if (row < 2 * GROUP_ROWS + 2 * RY && get_local_id(0) + 32 * c < LINE)
          tile[plane][row][get_local_id(0) + 32 * c] = line[from_x[c]];
    }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int column = get_local_id(0) + RX, first = 2 * get_local_id(1) + RY;
  V shared[SHARED], own[OWN], middle[2];
#define LOAD(list, i, x, y, z) list[i] = tile[RZ + (z)][first + (y)][column + (x)];
#define SORT(list, i, j)                      \
  {                                           \
    const V a = list[i], b = list[j];         \
    list[i] = LESSER(a, b);                   \
    list[j] = GREATER(a, b);                  \
  }
#define PICK(value)                           \
  {                                           \
    const V candidate = value;                \
    best = LESSER(best, candidate);           \
  }
  LOAD_SHARED
  SORT_SHARED
  {
    LOAD_OWN_0
    SORT_OWN
    V best = START;
    PICKS
    middle[0] = best;
  }
  {
    LOAD_OWN_1
    SORT_OWN
    V best = START;
    PICKS
    middle[1] = best;
  }
  const long x = x0 + get_local_id(0), y = y0 + 2 * get_local_id(1);
  for (int i = 0; i < 2; ++i)
    if (x < width && y + i < height) output[index_of(x, y + i, z, width, height)] = middle[i];
}
#endif

// Windows of any size whose rows have 32 voxels at most: bit by bit of the keys from the highest, by bit planes. A
// word holds one bit of the keys of 32 neighbours, so that counting a row's candidates whose bit is 0 is one shift
// and one population count. BITS bits of the keys are in local memory at a time. WINDOW_ROWS lists the window's rows:
// number, offsets y and z, and the mask of its voxels, the first of 2 RX + 1 in bit 0.
#ifdef BITS
kernel __attribute__((reqd_work_group_size(32, GROUP_ROWS, 1))) void median_by_bits(
    global const IN* input, global OUT* output, const long width, const long height, const long depth,
    const uint middle) {
  local ulong planes[(2 * RZ + 1) * (GROUP_ROWS + 2 * RY)][BITS];
  local uint keys[GROUP_ROWS][64];
  const int item = get_local_id(0), team = get_local_id(1);
  const long x0 = get_group_id(0) * 32L, y0 = get_group_id(1) * (long)GROUP_ROWS, z = get_group_id(2);
  uint candidates[ROWS], row_bits[ROWS], key = 0, rank = middle;
  COLUMNS_OF_ITEM
#define ROW(k, y, z, mask) candidates[k] = mask;
  WINDOW_ROWS
#undef ROW
#pragma unroll 1
  for (int low = 8 * sizeof(IN) - BITS; low >= 0; low -= BITS) {
#pragma unroll 1
    for (int begin = 0; begin < (2 * RZ + 1) * (GROUP_ROWS + 2 * RY); begin += GROUP_ROWS) {
      const int row = begin + team;
      barrier(CLK_LOCAL_MEM_FENCE);
      global const IN* const line = LINE_OF_IMAGE(row % (GROUP_ROWS + 2 * RY), row / (GROUP_ROWS + 2 * RY));
#pragma unroll
      for (int c = 0; c < LOADS_A_LINE; ++c) keys[team][item + 32 * c] = to_key(line[from_x[c]]) >> low;
      barrier(CLK_LOCAL_MEM_FENCE);
      if (item < BITS && row < (2 * RZ + 1) * (GROUP_ROWS + 2 * RY)) {
        uint words[2];
        for (int word = 0; word < 2; ++word) {
          words[word] = 0;
#pragma unroll 4
          for (int i = 0; i < 32; ++i) words[word] |= (keys[team][32 * word + i] >> item & 1) << i;
        }
        planes[row][item] = (ulong)words[1] << 32 | words[0];
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
    for (int bit = BITS - 1; bit >= 0; --bit) {
      uint zeros = 0;
#define ROW(k, y, z, mask)                                                                                   \
  row_bits[k] = (uint)(planes[(RZ + (z)) * (GROUP_ROWS + 2 * RY) + team + RY + (y)][bit] >> item);           \
  zeros += popcount(candidates[k] & ~row_bits[k]);
      WINDOW_ROWS
#undef ROW
      const bool is_one = rank >= zeros;
      const uint flipped = is_one ? 0 : 0xffffffffu;
      if (is_one) rank -= zeros;
      key |= (uint)is_one << (low + bit);
#pragma unroll
      for (int k = 0; k < ROWS; ++k) candidates[k] &= row_bits[k] ^ flipped;
    }
  }
  if (x0 + item < width && y0 + team < height)
    output[index_of(x0 + item, y0 + team, z, width, height)] = from_key(key);
}
#endif

// Any window, digit by digit of its key from the highest: counts how often each digit occurs among the keys that
// agree with what is known. The window comes as rows along x, three ints each: the offsets y and z, and the half width.
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
