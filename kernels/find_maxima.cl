// Hills that are not over yet flow, round by round, into the neighbour across their highest saddle, if that is no
// deeper than the prominence below their top. Each such hill does so in every round, so their number halves at
// least. At first each voxel is a hill. A hill's numbers stand at its root. Which hill flows first does not
// matter: the highest saddles make a maximum spanning tree, whose paths are the highest ways between tops.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

// Order of floats as order of unsigned numbers, both zeros alike. 0 is below every number.
inline uint to_key(float value) {
  const uint bits = as_uint(value + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
inline float from_key(uint key) { return as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key); }

// `active[n]`: whether anything flows in round n.
kernel void start_hills(global const IN* input, global uint* parents, global uint* heights, global uint* saddles,
                        global uint* targets, const long count, global uint* active, const uint rounds) {
  const long i = get_global_id(0);
  if (i < rounds) active[i] = i == 0;
  if (i >= count) return;
  parents[i] = (uint)i;
  heights[i] = to_key(convert_float(input[i]));
  saddles[i] = 0;
  targets[i] = NO_PARENT;
}

// The highest saddle of each hill by which it is not over (TARGETS not defined), then of the voxels behind such
// saddles the first. All parents are roots here.
kernel void find_saddles(global const IN* input, global const uint* parents, global const uint* heights,
                         volatile global uint* saddles, volatile global uint* targets, const long width,
                         const long height, const float prominence, global const uint* active, const uint round) {
  const long x = get_global_id(0), y = get_global_id(1);
  if (x >= width || y >= height || !active[round]) return;
  const long i = y * width + x;
  const uint root = parents[i];
  const float value = convert_float(input[i]), least = from_key(heights[root]) - prominence;
  if (!(value >= least)) return;
#ifdef TARGETS
  const uint wanted = saddles[root];
  uint target = NO_PARENT;
#else
  uint saddle = 0;
#endif
  for (long ny = max(y - 1, 0L); ny <= min(y + 1, height - 1); ++ny)
    for (long nx = max(x - 1, 0L); nx <= min(x + 1, width - 1); ++nx) {
      const long j = ny * width + nx;
      if (parents[j] == root) continue;
      const float between = min(value, convert_float(input[j]));
      if (!(between >= least)) continue;
#ifdef TARGETS
      if (to_key(between) == wanted) target = min(target, (uint)j);
    }
  if (target != NO_PARENT) atomic_min(targets + root, target);
#else
      saddle = max(saddle, to_key(between));
    }
  if (saddle != 0) atomic_max(saddles + root, saddle);
#endif
}

kernel void flow(volatile global uint* parents, global const uint* targets, const long count, global uint* active,
                 const uint round) {
  const long i = get_global_id(0);
  if (i >= count || !active[round] || targets[i] == NO_PARENT) return;
  unite(parents, (uint)i, targets[i]);
  active[round + 1] = 1;
}

kernel void gather_hills(volatile global uint* parents, volatile global uint* heights, global uint* saddles,
                         global uint* targets, const long count, global const uint* active, const uint round) {
  const long i = get_global_id(0);
  if (i >= count || !active[round]) return;
  const uint voxel = (uint)i, parent = parent_of(parents, voxel), root = find_root(parents, voxel);
  if (root != parent) atomic_min(parents + voxel, root);
  saddles[i] = 0;
  targets[i] = NO_PARENT;
  if (root == voxel || heights[i] == 0) return;
  atomic_max(heights + root, heights[i]);
  heights[i] = 0;  // it was a root
}

// ---- The mark of each hill: of its highest voxels the one nearest to their mean.

inline bool is_highest(global const IN* input, global const uint* parents, global const uint* heights, long i) {
  return to_key(convert_float(input[i])) == heights[parents[i]];
}

// Adds to a 64-bit sum in two halves.
inline void add_wide(volatile global uint* sum, uint value) {
  const uint before = atomic_add(sum, value);
  if (before + value < before) atomic_inc(sum + 1);
}

// Of a hill: how many highest voxels, the sums of their x and y in two halves each, and the marked voxel's
// distance in two halves and its index.
typedef struct {
  uint count, x[2], y[2], distance[2], voxel;
} Top;

kernel void start_tops(global Top* tops, const long count) {
  const long i = get_global_id(0);
  if (i >= count) return;
  tops[i].count = tops[i].x[0] = tops[i].x[1] = tops[i].y[0] = tops[i].y[1] = 0;
  tops[i].distance[0] = tops[i].distance[1] = tops[i].voxel = 0xffffffffu;
}

kernel void sum_tops(global const IN* input, global const uint* parents, global const uint* heights,
                     volatile global Top* tops, const long count, const long width) {
  const long i = get_global_id(0);
  if (i >= count || !is_highest(input, parents, heights, i)) return;
  volatile global Top* top = tops + parents[i];
  atomic_inc(&top->count);
  add_wide(top->x, (uint)(i % width));
  add_wide(top->y, (uint)(i / width));
}

inline double wide(volatile global const uint* sum) { return convert_double((ulong)sum[1] << 32 | sum[0]); }

inline ulong distance_bits(volatile global Top* top, long i, long width) {
  const double n = convert_double(top->count);
  const double dx = convert_double(i % width) - wide(top->x) / n;
  const double dy = convert_double(i / width) - wide(top->y) / n;
  return as_ulong(dx * dx + dy * dy);  // rises with it, as it is not negative
}

// STEP 0: the least upper half of the distances; 1: of those the least lower half; 2: of those the first voxel.
kernel void find_nearest(global const IN* input, global const uint* parents, global const uint* heights,
                         volatile global Top* tops, const long count, const long width) {
  const long i = get_global_id(0);
  if (i >= count || !is_highest(input, parents, heights, i)) return;
  volatile global Top* top = tops + parents[i];
  const ulong bits = distance_bits(top, i, width);
  const uint high = (uint)(bits >> 32), low = (uint)bits;
#if STEP == 0
  atomic_min(top->distance + 1, high);
#elif STEP == 1
  if (high == top->distance[1]) atomic_min(top->distance, low);
#else
  if (high == top->distance[1] && low == top->distance[0]) atomic_min(&top->voxel, (uint)i);
#endif
}

kernel void mark(global const uint* parents, global const Top* tops, const long count, global uchar* marks) {
  const long i = get_global_id(0);
  if (i >= count) return;
  const uint root = parents[i];
  marks[i] = tops[root].voxel == (uint)i && tops[root].count < count;
}
