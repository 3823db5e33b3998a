// Seeds grow back into the mask that they lie in: each voxel of the mask takes the nearest seed of its own
// component. The nearest seed of all is that wherever it lies in the component; for the other voxels each
// component has a list of its seeds.

// Seeds are rare, so they are numbered by counts of stretches, not by a sum that runs over all voxels. A work-item
// takes STRETCH voxels, a group's come one behind the other. `mask` and `maxima` are 0 or 1.
#define STRETCH 32

inline uint count_eight(global const uchar* mask, global const uchar* maxima, const long first, const long count) {
  if (first + 8 <= count) return popcount(as_ulong(vload8(0, mask + first)) & as_ulong(vload8(0, maxima + first)));
  uint found = 0;
  for (long i = first; i < count; ++i) found += mask[i] & maxima[i];
  return found;
}
inline uint count_stretch(global const uchar* mask, global const uchar* maxima, const long first, const long count) {
  uint found = 0;
  for (int k = 0; k < STRETCH; k += 8) found += count_eight(mask, maxima, first + k, count);
  return found;
}

// Counts each group's seeds, and clears `seeds`.
kernel void count_in_groups(global const uchar* mask, global const uchar* maxima, const long count, global uint* seeds,
                            global uint* totals, local uint* sums) {
  const int item = get_local_id(0), items = get_local_size(0);
  const long begin = (long)get_group_id(0) * items * STRETCH;
  for (int k = item; k < items * STRETCH; k += items)
    if (begin + k < count) seeds[begin + k] = 0;
  sums[item] = count_stretch(mask, maxima, begin + item * STRETCH, count);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_ = items / 2; half_ > 0; half_ /= 2) {
    if (item < half_) sums[item] += sums[item + half_];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) totals[get_group_id(0)] = sums[0];
}

// `totals` are running sums by now. Each seed gets its number.
kernel void number_seeds(global const uchar* mask, global const uchar* maxima, const long count, global uint* seeds,
                         global const uint* totals, local uint* sums) {
  const int item = get_local_id(0), items = get_local_size(0);
  const long first = ((long)get_group_id(0) * items + item) * STRETCH;
  const uint own = count_stretch(mask, maxima, first, count);
  const uint before = sum_before(sums, own);
  if (own == 0) return;
  uint number = before + (get_group_id(0) > 0 ? totals[get_group_id(0) - 1] : 0);
  for (long i = first; i < min(first + STRETCH, count); ++i)
    if (mask[i] & maxima[i]) seeds[i] = ++number;
}

kernel void clear(global uint* values, const long count) {
  const long i = get_global_id(0);
  if (i < count) values[i] = 0;
}

// Where a voxel lies is found only where it must be: few are seeds, or have another component's as the nearest one.

// Of a seed of several voxels the outermost ones suffice: a way to any other one leads past these.
__attribute__((noinline)) bool is_outermost(global const uint* seeds, long i, long width, long height, long depth) {
  LOCATE(i)
  const long plane = width * height;
  const uint label = seeds[i];
  return (x > 0 && seeds[i - 1] != label) || (x + 1 < width && seeds[i + 1] != label) ||
         (y > 0 && seeds[i - width] != label) || (y + 1 < height && seeds[i + width] != label) ||
         (z > 0 && seeds[i - plane] != label) || (z + 1 < depth && seeds[i + plane] != label);
}

// Counts each component's seeds in `starts`, and notes in `owners` the component that each seed lies in.
kernel void count_seeds(global const uint* seeds, global const uint* components, const long width,
                        const long height, const long depth, volatile global uint* starts, global uint* owners) {
  const long first = (long)get_global_id(0) * 4, count = width * height * depth;
  if (first >= count) return;
  READ_QUAD(uint, seed, seeds, first, count)
  EACH if (seed[k] != 0 && is_outermost(seeds, first + k, width, height, depth)) {
    const uint component = components[first + k];
    atomic_inc(starts + component);
    owners[seed[k]] = component;
  }
}

// After a running sum `starts` holds the ends of the lists; filled from there they become the starts.
kernel void list_seeds(global const uint* seeds, global const uint* components, const long width,
                       const long height, const long depth, volatile global uint* starts, global uint* list) {
  const long first = (long)get_global_id(0) * 4, count = width * height * depth;
  if (first >= count) return;
  READ_QUAD(uint, seed, seeds, first, count)
  EACH if (seed[k] != 0 && is_outermost(seeds, first + k, width, height, depth))
      list[atomic_dec(starts + components[first + k]) - 1] = (uint)(first + k);
}

#define CONSIDER(j, squared_distance)                                \
  {                                                                  \
    const long squared = squared_distance;                           \
    const uint label = seeds[j];                                     \
    if (squared < best || (squared == best && label < best_label)) { \
      best = squared;                                                \
      best_label = label;                                            \
    }                                                                \
  }

// The nearest seed of voxel i's own component.
__attribute__((noinline)) uint nearest_seed(global const uint* seeds, global const uint* components, const long i,
                                            const uint component, const long width, const long height,
                                            const long depth, global const uint* starts, global const uint* list) {
  LOCATE(i)
  const uint begin = starts[component], end = starts[component + 1];
  long best = LONG_MAX;
  uint best_label = 0;
  // Around the voxel, ever further, while that takes fewer steps than the component has seeds.
  for (long r = 2;; r *= 2) {
    const long x0 = max(x - r, 0L), y0 = max(y - r, 0L), z0 = max(z - r, 0L);
    const long x1 = min(x + r, width - 1), y1 = min(y + r, height - 1), z1 = min(z + r, depth - 1);
    if ((x1 - x0 + 1) * (y1 - y0 + 1) * (z1 - z0 + 1) >= end - begin) break;
    for (long zz = z0; zz <= z1; ++zz)
      for (long yy = y0; yy <= y1; ++yy)
        for (long xx = x0; xx <= x1; ++xx) {
          const long j = index_of(xx, yy, zz, width, height);
          if (seeds[j] != 0 && components[j] == component)
            CONSIDER(j, (xx - x) * (xx - x) + (yy - y) * (yy - y) + (zz - z) * (zz - z));
        }
    if (best <= r * r) return best_label;
  }
  for (uint n = begin; n < end; ++n) {
    const long j = list[n], dx = j % width - x, dy = j / width % height - y, dz = j / width / height - z;
    CONSIDER(j, dx * dx + dy * dy + dz * dz);
  }
  return best_label;
}

kernel void grow_seeds(global const uint* seeds, global const uint* components, const long width,
                       const long height, const long depth, global const uint* starts, global const uint* list,
                       global const uint* owners, global uint* labels) {
  const long i = get_global_id(0);
  if (i >= width * height * depth) return;
  const uint component = components[i], nearest = labels[i];
  if (component == 0) {
    if (nearest != 0) labels[i] = 0;
  } else if (nearest != 0 && owners[nearest] != component) {
    labels[i] = nearest_seed(seeds, components, i, component, width, height, depth, starts, list);
  }
}
