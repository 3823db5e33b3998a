// The nearest label by exact squared distances, axis by axis: each pass keeps of every line the least pair of
// distance and label. A voxel that has none yet has the label 0. NARROW: 32 bits hold the sum of any distance in the
// image and NONE, else 64 bits do.
#ifdef NARROW
typedef uint Distance;
typedef uint4 Distance4;
#define NONE 0x7fffffffu
#else
typedef ulong Distance;
typedef ulong4 Distance4;
#define NONE 0x4000000000000001ul
#endif

// The largest that the places before this one give, or 0; and in `all` that of all places of the group.
inline uint largest_before(local uint* values, const int place, const uint own, uint* all) {
  const int size = get_local_size(0);
  values[place] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int reach = 1; reach < size; reach *= 2) {
    const uint other = place >= reach ? values[place - reach] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    values[place] = max(values[place], other);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const uint before = place > 0 ? values[place - 1] : 0;
  *all = max(*all, values[size - 1]);
  barrier(CLK_LOCAL_MEM_FENCE);
  return before;
}

// A group a row, four voxels a work-item: the place behind the last labelled voxel up to each voxel, from the left; then
// the same from the right, and what is nearer. What the row's last stretch finds from the left stays in registers.
kernel void nearest_along_x(global const uint* seeds, global uint* labels, global Distance* distances,
                            const long width, const Distance weight, local uint* values) {
  const long row = (long)get_group_id(0) * width, stretch = 4 * (long)get_local_size(0);
  const int item = get_local_id(0), mirrored = get_local_size(0) - 1 - item;
  uint seed[4] = {0}, left[4] = {0}, carried = 0;
  long begin = 0;
  while (true) {
    const long x = begin + 4 * item;
    EACH seed[k] = x + k < width ? seeds[row + x + k] : 0;
    uint own = 0;
    EACH own = seed[k] ? (uint)(x + k) + 1 : own;
    const uint before = carried;
    uint found = max(largest_before(values, item, own, &carried), before);
    EACH left[k] = found = seed[k] ? (uint)(x + k) + 1 : found;
    if (begin + stretch >= width) break;
    EACH distances[row + x + k] = left[k];
    begin += stretch;
  }
  carried = 0;
  while (true) {
    const long x = begin + 4 * item;
    uint own = 0;
    for (int k = 3; k >= 0; --k) own = seed[k] ? (uint)(width - x - k) : own;
    const uint before = carried;
    uint found = max(largest_before(values, mirrored, own, &carried), before);
    uint label[4];
    Distance distance[4];
    for (int k = 3; k >= 0; --k) {
      found = seed[k] ? (uint)(width - x - k) : found;
      // From the voxel to the ones found.
      const Distance back = (Distance)(x + k + 1 - left[k]), ahead = (Distance)(width - x - k - found);
      const Distance to_left = left[k] ? weight * back * back : NONE, to_right = found ? weight * ahead * ahead : NONE;
      const uint left_label = left[k] ? seeds[row + left[k] - 1] : 0, right_label = found ? seeds[row + width - found] : 0;
      const bool take_right = to_right < to_left || (to_right == to_left && right_label < left_label);
      label[k] = take_right ? right_label : left_label;
      distance[k] = take_right ? to_right : to_left;
    }
    EACH if (x + k < width) {
      labels[row + x + k] = label[k];
      distances[row + x + k] = distance[k];
    }
    if (begin == 0) break;
    begin -= stretch;
    EACH seed[k] = seeds[row + begin + 4 * item + k];
    EACH left[k] = (uint)distances[row + begin + 4 * item + k];
  }
}

#define CHUNK 16  // voxels of a line whose nearest labels a work-item finds side by side

// Lines of `extent` voxels that lie `stride` apart, and as many side by side. The search goes from the chunk itself
// to the chunks around it, ever further, until none can hold a nearer voxel; each voxel read serves the whole chunk.
// The last pass may leave voxels outside a MASK with the label 0, and then ends where those within have theirs.
#ifdef MASKED
#define MASK_PARAMETER , global const uchar* mask
#define IS_WANTED(i) (keep_distances || mask[i])
#else
#define MASK_PARAMETER
#define IS_WANTED(i) true
#endif
kernel void nearest_across(global const uint* labels, global const Distance* distances, global uint* new_labels,
                           global Distance* new_distances, const long stride, const long extent,
                           const Distance weight, const int keep_distances MASK_PARAMETER) {
  const long lane = get_global_id(0), chunk = get_global_id(1), chunks = (extent + CHUNK - 1) / CHUNK;
  if (lane >= stride || chunk >= chunks) return;
  const long base = (long)get_global_id(2) * stride * extent + lane, first = chunk * CHUNK, last = first + CHUNK - 1;
  Distance best[CHUNK], farthest = 0;
  uint label[CHUNK];
#pragma unroll
  for (int k = 0; k < CHUNK; ++k) {
    best[k] = first + k < extent && IS_WANTED(base + (first + k) * stride) ? NONE : 0;
    farthest = max(farthest, best[k]);
    label[k] = 0;
  }
  for (long c = 0; farthest > 0 && (c <= chunk || chunk + c < chunks); ++c) {
    const Distance gap = c > 0 ? (c - 1) * CHUNK + 1 : 0;
    if (weight * gap * gap > farthest) break;
    for (int side = c > 0 ? -1 : 1; side <= 1; side += 2) {
      const long other = chunk + side * c;
      if (other < 0 || other >= chunks) continue;
      const long begin = other * CHUNK, end = min(begin + CHUNK, extent);
      global const Distance* line = distances + base;
      Distance4 ahead = (Distance4)(NONE);  // four reads under way
      for (long j = begin - 4; j < end; ++j) {
        const Distance distance = ahead.x;
        ahead = (Distance4)(ahead.yzw, j + 4 < end ? line[(j + 4) * stride] : NONE);
        const Distance between = j < first ? first - j : j > last ? j - last : 0;
        if (distance == NONE || distance + weight * between * between > farthest) continue;
        const uint its_label = labels[base + j * stride];
        // d^2 grows by 2 d + 1 from voxel to voxel; unsigned numbers wrap around, and back.
        const Distance offset = (Distance)(first - j);
        Distance found = distance + weight * offset * offset, growth = weight * (2 * offset + 1);
#pragma unroll
        for (int k = 0; k < CHUNK; ++k) {
          const bool nearer = found < best[k] || (found == best[k] && its_label < label[k]);
          best[k] = nearer ? found : best[k];
          label[k] = nearer ? its_label : label[k];
          found += growth;
          growth += 2 * weight;
        }
      }
      farthest = best[0];
#pragma unroll
      for (int k = 1; k < CHUNK; ++k) farthest = max(farthest, best[k]);
    }
  }
#pragma unroll
  for (int k = 0; k < CHUNK; ++k)
    if (first + k < extent) {
      new_labels[base + (first + k) * stride] = label[k];
      if (keep_distances) new_distances[base + (first + k) * stride] = best[k];
    }
}

kernel void limit_to_mask(global uint* labels, global const uchar* mask, const long count) {
  const long i = get_global_id(0);
  if (i < count && mask[i] == 0) labels[i] = 0;
}
