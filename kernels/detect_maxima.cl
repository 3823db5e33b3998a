// A voxel that no voxel in the box exceeds is a candidate. Neighbouring candidates of equal value become one set;
// the set is a maximum where no voxel of it has an equal neighbour that is no candidate.

kernel void find_candidates(global const IN* input, global const IN* highest, global uint* parents,
                            const long count, const float least) {
  const long i = get_global_id(0);
  if (i >= count) return;
  const IN value = input[i];
  parents[i] = value == highest[i] && convert_float(value) > least ? (uint)i : NO_PARENT;
}

kernel void unite_plateaus(global const IN* input, volatile global uint* parents, const long width,
                           const long height, const long depth) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long i = index_of(x, y, z, width, height);
  if (parent_of(parents, i) == NO_PARENT) return;
  for (long nz = max(z - 1, 0L); nz <= z; ++nz)
    for (long ny = max(y - 1, 0L); ny <= (nz < z ? min(y + 1, height - 1) : y); ++ny)
      for (long nx = max(x - 1, 0L); nx <= (nz < z || ny < y ? min(x + 1, width - 1) : x - 1); ++nx) {
        const long j = index_of(nx, ny, nz, width, height);
        if (input[j] == input[i] && parent_of(parents, j) != NO_PARENT) unite(parents, i, j);
      }
}

kernel void mark_first(volatile global uint* parents, const long count, global uchar* marks) {
  const long i = get_global_id(0);
  if (i < count) marks[i] = parent_of(parents, i) == (uint)i;
}

kernel void drop_slopes(global const IN* input, volatile global uint* parents, const long width,
                        const long height, const long depth, global uchar* marks) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long i = index_of(x, y, z, width, height);
  if (parent_of(parents, i) == NO_PARENT) return;
  bool rises = false;
  for (long nz = max(z - 1, 0L); nz <= min(z + 1, depth - 1); ++nz)
    for (long ny = max(y - 1, 0L); ny <= min(y + 1, height - 1); ++ny)
      for (long nx = max(x - 1, 0L); nx <= min(x + 1, width - 1); ++nx) {
        const long j = index_of(nx, ny, nz, width, height);
        rises |= input[j] == input[i] && parent_of(parents, j) == NO_PARENT;
      }
  if (rises) marks[find_root(parents, i)] = 0;
}
