// Measurements of labels: what all voxels tell is gathered by 32-bit atomics, once for each run along x in a
// short piece of a row; sums are then taken by one group a label over the label's bounding box, as exact
// integers and in double precision, in an order that does not change. The same steps from the sums to a row as in
// engines/operations/label_statistics.hpp.
// Labels above `largest` are background: plans run once before there is an image.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

#define PIECE 16  // voxels of a row that a work-item looks at

// Of each label: the least and the greatest x, y, z, and what is known of it otherwise.
typedef struct {
  int low[3], high[3];
  uint state, count, count_overflow;
} Label;

// A label's sums: of coordinates and their products from the box's corner on, of grey levels.
typedef struct {
  ulong count, first[3], products[6];
  double sum, least, greatest;
} Sums;

#define SEEN 1
#define ON_EDGE 2

kernel void clear_labels(global Label* all, const long largest) {
  const long i = get_global_id(0);
  if (i >= largest) return;
  for (int axis = 0; axis < 3; ++axis) {
    all[i].low[axis] = INT_MAX;
    all[i].high[axis] = -1;
  }
  all[i].state = all[i].count = all[i].count_overflow = 0;
}

// Of a run x … x + n - 1: its box (BOXES), its count of voxels (SIZES), or whether it lies on an edge.
inline void add_run(global Label* label, const int x, const uint n, const int y, const int z, const int edge) {
#if defined(BOXES)
  const int low[3] = {x, y, z}, high[3] = {x + (int)n - 1, y, z};
  for (int axis = 0; axis < 3; ++axis) {
    atomic_min(&label->low[axis], low[axis]);
    atomic_max(&label->high[axis], high[axis]);
  }
#elif defined(SIZES)
  const uint before = atomic_add(&label->count, n);
  if (before + n < before) atomic_inc(&label->count_overflow);
#else
  atomic_or(&label->state, edge ? SEEN | ON_EDGE : SEEN);
#endif
}

kernel void gather(global const uint* labels, const long width, const long height, const long depth,
                   const long largest, const int deep, global Label* all) {
  const long first = (long)get_global_id(0) * PIECE, y = get_global_id(1), z = get_global_id(2);
  if (first >= width || y >= height || z >= depth) return;
  global const uint* row = labels + index_of(0, y, z, width, height);
  const long end = min(first + PIECE, width);
  const int outer = y == 0 || y == height - 1 || (deep && (z == 0 || z == depth - 1));
  for (long x = first; x < end;) {
    const uint label = row[x];
    const long start = x;
    while (x < end && row[x] == label) ++x;
    if (label != 0 && label <= largest)
      add_run(&all[label - 1], (int)start, (uint)(x - start), (int)y, (int)z, outer || start == 0 || x == width);
  }
}

// ---- Which labels stay, 1 or 0 each: then counted through to new numbers.

kernel void keep_seen(global const Label* all, const long largest, global uint* numbers) {
  const long i = get_global_id(0);
  if (i < largest) numbers[i] = all[i].state != 0;
}

kernel void keep_inner(global const Label* all, const long largest, global uint* numbers) {
  const long i = get_global_id(0);
  if (i < largest) numbers[i] = all[i].state == SEEN;
}

kernel void keep_sizes(global const Label* all, const long largest, const double fewest, const double most,
                       global uint* numbers) {
  const long i = get_global_id(0);
  if (i >= largest) return;
  const double size = (double)(((ulong)all[i].count_overflow << 32) + all[i].count);
  numbers[i] = size > 0 && fewest <= size && size <= most;
}

kernel void keep_means(global const Sums* all, const long largest, const double least, const double greatest,
                       global uint* numbers) {
  const long i = get_global_id(0);
  if (i >= largest) return;
  const double mean = all[i].sum / (double)all[i].count;
  numbers[i] = all[i].count > 0 && least <= mean && mean <= greatest;
}

// `running`: how many labels stay up to and with each one.
kernel void renumber(global const uint* labels, const long count, global const uint* running, const long largest,
                     global uint* output) {
  const long i = get_global_id(0);
  if (i >= count) return;
  const uint label = labels[i];
  if (label == 0 || label > largest) {
    output[i] = 0;
  } else {
    const uint before = label > 1 ? running[label - 2] : 0, now = running[label - 1];
    output[i] = now > before ? now : 0;
  }
}

kernel void write_count(global const uint* running, const long largest, global double* output) {
  output[0] = largest > 0 ? (double)running[largest - 1] : 0.0;
}

// ---- Sums of one label, by one group.

#define JOIN(join)                                                       \
  barrier(CLK_LOCAL_MEM_FENCE);                                          \
  for (size_t half_ = get_local_size(0) / 2; half_ > 0; half_ /= 2) {    \
    const size_t item_ = get_local_id(0);                                \
    if (item_ < half_) values[item_] = join(values[item_], values[item_ + half_]); \
    barrier(CLK_LOCAL_MEM_FENCE);                                        \
  }
#define ADD(a, b) ((a) + (b))

inline ulong group_sum(const ulong own, local ulong* values) {
  barrier(CLK_LOCAL_MEM_FENCE);
  values[get_local_id(0)] = own;
  JOIN(ADD)
  return values[0];
}
inline double group_sum_of_doubles(const double own, local double* values) {
  barrier(CLK_LOCAL_MEM_FENCE);
  values[get_local_id(0)] = own;
  JOIN(ADD)
  return values[0];
}
inline double group_least(const double own, local double* values) {
  barrier(CLK_LOCAL_MEM_FENCE);
  values[get_local_id(0)] = own;
  JOIN(fmin)
  return values[0];
}

// One group a label; of the grey levels where GREY_LEVELS is defined, of the products where PRODUCTS is.
kernel void measure(global const uint* labels, global const IN* image, const long width, const long height,
                    global const Label* all, const long largest, global Sums* sums, local ulong* values) {
  const long label = (long)get_group_id(0) + 1;
  const int item = get_local_id(0), items = get_local_size(0);
  long low[3] = {0, 0, 0}, extent[3] = {0, 0, 0};
  if (label <= largest)
    for (int axis = 0; axis < 3; ++axis) {
      const long high = all[label - 1].high[axis];
      low[axis] = high < 0 ? 0 : all[label - 1].low[axis];
      extent[axis] = high < 0 ? 0 : high - low[axis] + 1;
    }
  ulong count = 0, first[3] = {0, 0, 0}, products[6] = {0, 0, 0, 0, 0, 0};
  double sum = 0, least = INFINITY, greatest = -INFINITY;
  const long voxels = extent[0] * extent[1] * extent[2];
  // Each work-item steps through the box by the group's size: this many voxels, rows and slices.
  long x = 0, y = 0, z = 0;
  if (voxels > 0) {
    x = item % extent[0];
    y = item / extent[0] % extent[1];
    z = item / (extent[0] * extent[1]);
  }
  const long step_x = voxels > 0 ? items % extent[0] : 0, step_row = voxels > 0 ? items / extent[0] : 0;
  for (long i = item; i < voxels; i += items) {
    const long voxel = index_of(low[0] + x, low[1] + y, low[2] + z, width, height);
    if (labels[voxel] == label) {
      ++count;
      first[0] += x;
      first[1] += y;
      first[2] += z;
#ifdef PRODUCTS
      products[0] += x * x;
      products[1] += y * y;
      products[2] += z * z;
      products[3] += x * y;
      products[4] += x * z;
      products[5] += y * z;
#endif
#ifdef GREY_LEVELS
      const double grey = (double)image[voxel];
      sum += grey;
      least = fmin(least, grey);
      greatest = fmax(greatest, grey);
#endif
    }
    x += step_x;
    y += step_row;
    if (x >= extent[0]) {
      x -= extent[0];
      ++y;
    }
    while (y >= extent[1]) {
      y -= extent[1];
      ++z;
    }
  }
  count = group_sum(count, values);
  for (int axis = 0; axis < 3; ++axis) first[axis] = group_sum(first[axis], values);
#ifdef PRODUCTS
  for (int i = 0; i < 6; ++i) products[i] = group_sum(products[i], values);
#endif
#ifdef GREY_LEVELS
  sum = group_sum_of_doubles(sum, (local double*)values);
  least = group_least(least, (local double*)values);
  greatest = -group_least(-greatest, (local double*)values);
#endif
  if (item != 0 || label > largest) return;
  global Sums* own = &sums[label - 1];
  own->count = count;
  for (int axis = 0; axis < 3; ++axis) own->first[axis] = first[axis];
  for (int i = 0; i < 6; ++i) own->products[i] = products[i];
  own->sum = sum;
  own->least = least;
  own->greatest = greatest;
}

// ---- Rows of tables, a work-item each; without labels one, of label 1.

kernel void centroid_rows(global const Label* all, global const Sums* sums, const long largest, const int dims,
                          global double* table) {
  const long i = get_global_id(0);
  if (i >= max(largest, 1L)) return;
  const int present = i < largest && sums[i].count > 0;
  global double* row = table + i * 4;
  row[0] = (double)(i + 1);
  for (int axis = 0; axis < 3; ++axis)
    row[1 + axis] = present ? (double)all[i].low[axis] + (double)sums[i].first[axis] / (double)sums[i].count : NAN;
}

// Eigenvalues by Jacobi's rotations; `a` holds xx, yy, zz, xy, xz, yz.
inline double3 eigenvalues(const double* given) {
  double a[3][3] = {{given[0], given[3], given[4]}, {given[3], given[1], given[5]}, {given[4], given[5], given[2]}};
  for (int sweep = 0; sweep < 12; ++sweep)
    for (int pair = 0; pair < 3; ++pair) {
      const int p = pair == 2 ? 1 : 0, q = pair == 0 ? 1 : 2, r = 2 - pair;
      if (a[p][q] == 0) continue;
      const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
      const double size = fabs(theta) + sqrt(theta * theta + 1);
      const double t = theta < 0 ? -1 / size : 1 / size;
      const double c = 1 / sqrt(t * t + 1), s = t * c;
      const double rp = a[r][p], rq = a[r][q];
      a[p][p] -= t * a[p][q];
      a[q][q] += t * a[p][q];
      a[p][q] = a[q][p] = 0;
      a[r][p] = a[p][r] = c * rp - s * rq;
      a[r][q] = a[q][r] = s * rp + c * rq;
    }
  const double x = fmax(a[0][0], 0.0), y = fmax(a[1][1], 0.0), z = fmax(a[2][2], 0.0);
  const double high = fmax(x, y), low = fmin(x, y);
  return (double3)(fmax(high, z), fmax(low, fmin(high, z)), fmin(low, z));
}

kernel void statistics_rows(global const Label* all, global const Sums* sums, const long largest, const int dims,
                            global double* table) {
  const long i = get_global_id(0);
  if (i >= max(largest, 1L)) return;
  global double* row = table + i * 17;
  row[0] = (double)(i + 1);
  if (i >= largest || sums[i].count == 0) {
    row[1] = 0;
    for (int column = 2; column < 17; ++column) row[column] = NAN;
    return;
  }
  const double n = (double)sums[i].count;
  double mean[3], covariance[6];
  for (int axis = 0; axis < 3; ++axis) mean[axis] = (double)sums[i].first[axis] / n;
  const int one[6] = {0, 1, 2, 0, 0, 1}, other[6] = {0, 1, 2, 1, 2, 2};
  for (int k = 0; k < 6; ++k) covariance[k] = (double)sums[i].products[k] / n - mean[one[k]] * mean[other[k]];
  const double3 values = eigenvalues(covariance);
  row[1] = n;
  for (int axis = 0; axis < 3; ++axis) {
    row[2 + axis] = (double)all[i].low[axis] + mean[axis];
    row[5 + axis] = (double)all[i].low[axis];
    row[8 + axis] = (double)all[i].high[axis];
  }
  row[11] = sums[i].sum / n;
  row[12] = sums[i].least;
  row[13] = sums[i].greatest;
  row[14] = sums[i].sum;
  row[15] = dims == 2 ? 4 * sqrt(values.x) : sqrt(20 * values.x);
  row[16] = dims == 2 ? 4 * sqrt(values.y) : sqrt(20 * values.z);
}
