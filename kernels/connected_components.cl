#ifdef IN_IS_FLOAT
#define FOREGROUND(value) ((value) != 0 && (value) == (value))
#else
#define FOREGROUND(value) ((value) != 0)
#endif
#define RUN 32  // voxels of a row that need no uniting

// A foreground voxel's parent: the first voxel of its run, as far as the run lies within a stretch of RUN.
kernel void find_runs(global const IN* mask, volatile global uint* parents, const long width,
                      const long height, const long depth) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long row = index_of(0, y, z, width, height);
  const IN value = mask[row + x];
  long first = x;
  while (first % RUN != 0) {
    const IN before = mask[row + first - 1];
    if (!FOREGROUND(before)) break;
    --first;
  }
  parents[row + x] = FOREGROUND(value) ? (uint)(row + first) : NO_PARENT;
}

// Unites voxel x of a row with what it touches in another row, unless the voxels before have done so.
inline void unite_across(global const IN* mask, volatile global uint* parents, long row, long other, long x,
                         long width) {
  const IN here = mask[row + x], there = mask[other + x];
  const IN here_before = x > 0 ? mask[row + x - 1] : (IN)0, there_before = x > 0 ? mask[other + x - 1] : (IN)0;
  const bool is_here = FOREGROUND(here), is_there = FOREGROUND(there);
  const bool was_here = FOREGROUND(here_before), was_there = FOREGROUND(there_before);
  if (is_here && is_there) {
    if (!(was_here && was_there)) unite(parents, row + x, other + x);
#ifdef BOX
  } else if (is_here && was_there && !was_here) {
    unite(parents, row + x, other + x - 1);
  } else if (is_there && was_here && !was_there) {
    unite(parents, row + x - 1, other + x);
#endif
  }
}

kernel void unite_runs(global const IN* mask, volatile global uint* parents, const long width,
                       const long height, const long depth) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long row = index_of(0, y, z, width, height);
  if (x > 0 && x % RUN == 0) {
    const IN here = mask[row + x], before = mask[row + x - 1];
    if (FOREGROUND(here) && FOREGROUND(before)) unite(parents, row + x, row + x - 1);
  }
  if (y > 0) unite_across(mask, parents, row, row - width, x, width);
  if (z > 0) unite_across(mask, parents, row, row - width * height, x, width);
#ifdef BOX
  if (z > 0 && y > 0) unite_across(mask, parents, row, row - width * height - width, x, width);
  if (z > 0 && y + 1 < height) unite_across(mask, parents, row, row - width * height + width, x, width);
#endif
}

// Roots become 1, and by a running sum then their components' numbers. All other voxels get their root as parent.
kernel void mark_roots(volatile global uint* parents, const long count, global uint* labels) {
  const long i = get_global_id(0);
  if (i >= count) return;
  const uint voxel = (uint)i, parent = parent_of(parents, voxel);
  const uint root = parent == NO_PARENT ? NO_PARENT : find_root(parents, voxel);
  if (root != parent) atomic_min(parents + voxel, root);
  labels[i] = root == voxel;
}

kernel void label_voxels(global const uint* parents, const long count, global uint* labels) {
  const long i = get_global_id(0);
  if (i >= count) return;
  const uint root = parents[i];
  if (root == NO_PARENT)
    labels[i] = 0;
  else if (root != (uint)i)
    labels[i] = labels[root];
}
