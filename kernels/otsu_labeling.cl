// Seeds grow back into the mask that they lie in: each voxel of the mask takes the nearest seed of its own
// component. The nearest seed of all is that wherever it lies in the component; for the other voxels each
// component has a list of its seeds.

kernel void mark_seeds(global const uchar* mask, global const uchar* maxima, const long count, global uint* seeds) {
  const long i = get_global_id(0);
  if (i < count) seeds[i] = mask[i] && maxima[i];
}

// After a running sum over the marks: each seed keeps its number.
kernel void keep_seeds(global const uchar* mask, global const uchar* maxima, const long count, global uint* seeds) {
  const long i = get_global_id(0);
  if (i < count && !(mask[i] && maxima[i])) seeds[i] = 0;
}

kernel void clear(global uint* values, const long count) {
  const long i = get_global_id(0);
  if (i < count) values[i] = 0;
}

// Of a seed of several voxels the outermost ones suffice: a way to any other one leads past these.
inline bool is_outermost(global const uint* seeds, long x, long y, long z, long width, long height, long depth) {
  const long i = index_of(x, y, z, width, height), plane = width * height;
  const uint label = seeds[i];
  return label != 0 &&
         ((x > 0 && seeds[i - 1] != label) || (x + 1 < width && seeds[i + 1] != label) ||
          (y > 0 && seeds[i - width] != label) || (y + 1 < height && seeds[i + width] != label) ||
          (z > 0 && seeds[i - plane] != label) || (z + 1 < depth && seeds[i + plane] != label));
}

// Counts each component's seeds in `starts`, and notes in `owners` the component that each seed lies in.
kernel void count_seeds(global const uint* seeds, global const uint* components, const long width,
                        const long height, const long depth, volatile global uint* starts, global uint* owners) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth || !is_outermost(seeds, x, y, z, width, height, depth)) return;
  const long i = index_of(x, y, z, width, height);
  atomic_inc(starts + components[i]);
  owners[seeds[i]] = components[i];
}

// After a running sum `starts` holds the ends of the lists; filled from there they become the starts.
kernel void list_seeds(global const uint* seeds, global const uint* components, const long width,
                       const long height, const long depth, volatile global uint* starts, global uint* list) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth || !is_outermost(seeds, x, y, z, width, height, depth)) return;
  const long i = index_of(x, y, z, width, height);
  list[atomic_dec(starts + components[i]) - 1] = (uint)i;
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

kernel void grow_seeds(global const uint* seeds, global const uint* components, const long width,
                       const long height, const long depth, global const uint* starts, global const uint* list,
                       global const uint* owners, global uint* labels) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long i = index_of(x, y, z, width, height);
  const uint component = components[i], nearest = labels[i];
  if (component == 0) {
    labels[i] = 0;
    return;
  }
  if (nearest == 0 || owners[nearest] == component) return;
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
    if (best <= r * r) {
      labels[i] = best_label;
      return;
    }
  }
  for (uint n = begin; n < end; ++n) {
    const long j = list[n], dx = j % width - x, dy = j / width % height - y, dz = j / width / height - z;
    CONSIDER(j, dx * dx + dy * dy + dz * dz);
  }
  labels[i] = best_label;
}
