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

// The largest of the values of the group's work-items up to this one, or -1.
inline long largest_until(local long* values, long own) {
  const size_t item = get_local_id(0), size = get_local_size(0);
  values[item] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (size_t reach = 1; reach < size; reach *= 2) {
    const long other = item >= reach ? values[item - reach] : -1;
    barrier(CLK_LOCAL_MEM_FENCE);
    values[item] = max(values[item], other);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  return values[item];
}

// A group a row: the last labelled voxel up to each voxel, then the same from the right.
kernel void nearest_along_x(global const uint* seeds, global uint* labels, global Distance* distances,
                            const long width, const Distance weight, local long* values) {
  const long row = (long)get_group_id(0) * width, size = get_local_size(0), item = get_local_id(0);
  long carried = -1;
  for (long begin = 0; begin < width; begin += size) {
    const long x = begin + item;
    const long left = max(largest_until(values, x < width && seeds[row + x] != 0 ? x : -1), carried);
    carried = max(values[size - 1], carried);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x < width) distances[row + x] = (Distance)(left + 1);
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  carried = -1;
  for (long begin = 0; begin < width; begin += size) {
    const long mirrored = begin + item, x = width - 1 - mirrored;
    const long found = max(largest_until(values, x >= 0 && seeds[row + x] != 0 ? mirrored : -1), carried);
    carried = max(values[size - 1], carried);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x < 0) continue;
    const long left = (long)distances[row + x] - 1, right = width - 1 - found;
    const Distance to_left = left < 0 ? NONE : weight * (Distance)((x - left) * (x - left));
    const Distance to_right = found < 0 ? NONE : weight * (Distance)((right - x) * (right - x));
    const uint left_label = left < 0 ? 0 : seeds[row + left], right_label = found < 0 ? 0 : seeds[row + right];
    const bool take_right = to_right < to_left || (to_right == to_left && right_label < left_label);
    labels[row + x] = take_right ? right_label : left_label;
    distances[row + x] = take_right ? to_right : to_left;
  }
}

#define CHUNK 16  // voxels of a line whose nearest labels a work-item finds side by side

// Lines of `extent` voxels that lie `stride` apart, and as many side by side. The search goes from the chunk itself
// to the chunks around it, ever further, until none can hold a nearer voxel; each voxel read serves the whole chunk.
kernel void nearest_across(global const uint* labels, global const Distance* distances, global uint* new_labels,
                           global Distance* new_distances, const long stride, const long extent,
                           const Distance weight, const int keep_distances) {
  const long lane = get_global_id(0), chunk = get_global_id(1), chunks = (extent + CHUNK - 1) / CHUNK;
  if (lane >= stride || chunk >= chunks) return;
  const long base = (long)get_global_id(2) * stride * extent + lane, first = chunk * CHUNK, last = first + CHUNK - 1;
  Distance best[CHUNK], farthest = NONE;
  uint label[CHUNK];
#pragma unroll
  for (int k = 0; k < CHUNK; ++k) {
    best[k] = first + k < extent ? NONE : 0;
    label[k] = 0;
  }
  for (long c = 0; c <= chunk || chunk + c < chunks; ++c) {
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
