// The nearest label by exact squared distances, axis by axis: each pass keeps of every line the least pair of
// distance and label. A voxel that has none yet has the label 0.

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
kernel void nearest_along_x(global const uint* seeds, global uint* labels, global long* distances,
                            const long width, const long weight, local long* values) {
  const long row = (long)get_group_id(0) * width, size = get_local_size(0), item = get_local_id(0);
  long carried = -1;
  for (long begin = 0; begin < width; begin += size) {
    const long x = begin + item;
    const long left = max(largest_until(values, x < width && seeds[row + x] != 0 ? x : -1), carried);
    carried = max(values[size - 1], carried);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x < width) distances[row + x] = left;
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  carried = -1;
  for (long begin = 0; begin < width; begin += size) {
    const long mirrored = begin + item, x = width - 1 - mirrored;
    const long found = max(largest_until(values, x >= 0 && seeds[row + x] != 0 ? mirrored : -1), carried);
    carried = max(values[size - 1], carried);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x < 0) continue;
    const long left = distances[row + x], right = width - 1 - found;
    const long to_left = left < 0 ? LONG_MAX : weight * (x - left) * (x - left);
    const long to_right = found < 0 ? LONG_MAX : weight * (right - x) * (right - x);
    const uint left_label = left < 0 ? 0 : seeds[row + left], right_label = found < 0 ? 0 : seeds[row + right];
    const bool take_right = to_right < to_left || (to_right == to_left && right_label < left_label);
    labels[row + x] = take_right ? right_label : left_label;
    distances[row + x] = take_right ? to_right : to_left;
  }
}

// A work-item a line of `extent` voxels that lie `stride` apart. For two voxels of it, the positions where the
// later one (j) is nearer, or equally near with the lower label, reach from some position to the line's end. So a
// stack of the voxels that are nearest somewhere, each with the position where that begins, is made in one walk.
kernel void nearest_across(global const uint* labels, global const long* distances, global uint* new_labels,
                           global long* new_distances, const long lines, const long extent, const long stride,
                           const long outer_stride, const long weight, global uint2* stacks) {
  const long line = get_global_id(0);
  if (line >= lines) return;
  const long base = line / stride * outer_stride + line % stride;
  global uint2* stack = stacks + line;  // entries lie `lines` apart
  long height = 0, top = 0, top_from = 0, top_distance = 0;
  uint top_label = 0;
  for (long j = 0; j < extent; ++j) {
    const uint label = labels[base + j * stride];
    if (label == 0) continue;
    const long distance = distances[base + j * stride];
    long from = 0;
    while (height > 0) {
      const long constant_part = weight * (j - top) * (j + top) + (distance - top_distance);
      const long bound = label < top_label ? constant_part - 1 : constant_part;
      from = bound < 0 ? 0 : bound / (2 * weight * (j - top)) + 1;
      if (from > top_from) break;
      --height;
      from = 0;
      if (height == 0) break;
      const uint2 below = stack[(height - 1) * lines];
      top = below.x;
      top_from = below.y;
      top_label = labels[base + top * stride];
      top_distance = distances[base + top * stride];
    }
    if (from >= extent) continue;
    stack[height * lines] = (uint2)((uint)j, (uint)from);
    ++height;
    top = j;
    top_from = from;
    top_label = label;
    top_distance = distance;
  }
  if (height == 0) top_label = 0;
  // Back to front, so that the top is at hand.
  for (long q = extent - 1; q >= 0; --q) {
    while (height > 1 && q < top_from) {
      --height;
      const uint2 below = stack[(height - 1) * lines];
      top = below.x;
      top_from = below.y;
      top_label = labels[base + top * stride];
      top_distance = distances[base + top * stride];
    }
    new_labels[base + q * stride] = top_label;
#ifdef KEEP_DISTANCES
    new_distances[base + q * stride] = top_distance + weight * (q - top) * (q - top);
#endif
  }
}

kernel void limit_to_mask(global uint* labels, global const uchar* mask, const long count) {
  const long i = get_global_id(0);
  if (i < count && mask[i] == 0) labels[i] = 0;
}
