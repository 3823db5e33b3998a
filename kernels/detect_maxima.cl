// A voxel that no voxel in the box exceeds is a candidate. A candidate without neighbours of its value is a maximum.
// Neighbouring candidates of equal value, a PLATEAU's, become one set, which is a maximum where no voxel of it has an
// equal neighbour that is no candidate. Candidates are few: a work-item takes four voxels, and finds where one lies only
// where it must look around.
#define PEAK 1
#define PLATEAU 2
#define FIRST ((long)get_global_id(0) * 4)
// Around the voxel (x, y, z), itself included.
#define FOR_NEIGHBOURS(j)                                                                \
  for (long nz = max(z - 1, 0L); nz <= min(z + 1, depth - 1); ++nz)                      \
    for (long ny = max(y - 1, 0L); ny <= min(y + 1, height - 1); ++ny)                   \
      for (long nx = max(x - 1, 0L), j = index_of(nx, ny, nz, width, height); nx <= min(x + 1, width - 1); ++nx, ++j)

kernel void find_candidates(global const IN* input, global const IN* highest, global uchar* kinds, global uint* parents,
                            const long width, const long height, const long depth, const float least) {
  const long first = FIRST, count = width * height * depth;
  if (first >= count) return;
  READ_QUAD(IN, value, input, first, count)
  READ_QUAD(IN, best, highest, first, count)
  EACH if (first + k < count) {
    uchar kind = 0;
    if (value[k] == best[k] && convert_float(value[k]) > least) {
      LOCATE(first + k)
      int equal = 0;
      FOR_NEIGHBOURS(j) equal += input[j] == value[k];
      kind = equal > 1 ? PLATEAU : PEAK;
      if (kind == PLATEAU) parents[first + k] = (uint)(first + k);
    }
    kinds[first + k] = kind;
  }
}

__attribute__((noinline)) void unite_plateau(global const IN* input, global const uchar* kinds,
                                             volatile global uint* parents, const long i, const long width,
                                             const long height) {
  LOCATE(i)
  // All neighbours that come before the voxel touch one of them; where that one belongs to the plateau, they are united
  // with it anyway.
  const long middle = z > 0 ? i - width * height : y > 0 ? i - width : i;
  if (middle < i && kinds[middle] == PLATEAU && input[middle] == input[i]) {
    unite(parents, i, middle);
    return;
  }
  for (long nz = max(z - 1, 0L); nz <= z; ++nz)
    for (long ny = max(y - 1, 0L); ny <= (nz < z ? min(y + 1, height - 1) : y); ++ny)
      for (long nx = max(x - 1, 0L); nx <= (nz < z || ny < y ? min(x + 1, width - 1) : x - 1); ++nx) {
        const long j = index_of(nx, ny, nz, width, height);
        if (kinds[j] == PLATEAU && input[j] == input[i]) unite(parents, i, j);
      }
}

kernel void unite_plateaus(global const IN* input, global const uchar* kinds, volatile global uint* parents,
                           const long width, const long height, const long depth) {
  const long first = FIRST, count = width * height * depth;
  if (first >= count) return;
  READ_QUAD(uchar, kind, kinds, first, count)
  EACH if (kind[k] == PLATEAU) unite_plateau(input, kinds, parents, first + k, width, height);
}

// Of a plateau the first voxel.
kernel void mark_first(global const uchar* kinds, volatile global uint* parents, const long count, global uchar* marks) {
  const long first = FIRST;
  if (first >= count) return;
  READ_QUAD(uchar, kind, kinds, first, count)
  EACH if (first + k < count) marks[first + k] =
      kind[k] == PEAK || (kind[k] == PLATEAU && parent_of(parents, first + k) == (uint)(first + k));
}

kernel void drop_slopes(global const IN* input, global const uchar* kinds, volatile global uint* parents,
                        const long width, const long height, const long depth, global uchar* marks) {
  const long first = FIRST, count = width * height * depth;
  if (first >= count) return;
  READ_QUAD(uchar, kind, kinds, first, count)
  EACH if (kind[k] == PLATEAU) {
    const long i = first + k;
    LOCATE(i)
    bool rises = false;
    FOR_NEIGHBOURS(j) rises |= input[j] == input[i] && kinds[j] == 0;
    if (rises) marks[find_root(parents, i)] = 0;
  }
}
