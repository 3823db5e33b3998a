// The mesh between touching labels; the same steps as in engines/operations/neighbor_mesh.hpp. Which labels touch
// is a row of bits for each.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

kernel void clear_bits(global uint* bits, const long count) {
  const long i = get_global_id(0);
  if (i < count) bits[i] = 0;
}

inline void touch(global uint* bits, const long words, const long rows, const uint a, const uint b) {
  if (a == b || a == 0 || b == 0 || a > rows || b > rows) return;
  atomic_or(&bits[(long)(a - 1) * words + (b - 1) / 32], 1u << (b - 1) % 32);
  atomic_or(&bits[(long)(b - 1) * words + (a - 1) / 32], 1u << (a - 1) % 32);
}

kernel void find_touching(global const uint* labels, const long width, const long height, const long depth,
                          const long rows, const long words, global uint* bits) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long i = index_of(x, y, z, width, height);
  const uint own = labels[i];
  if (own == 0) return;
  if (x + 1 < width) touch(bits, words, rows, own, labels[i + 1]);
  if (y + 1 < height) touch(bits, words, rows, own, labels[i + width]);
  if (z + 1 < depth) touch(bits, words, rows, own, labels[i + width * height]);
}

// Centroids become nodes, in µm, in place: the last three of four columns.
kernel void scale_nodes(global double* nodes, const long rows, const double x, const double y, const double z) {
  const long i = get_global_id(0);
  if (i >= rows) return;
  nodes[4 * i + 1] *= x;
  nodes[4 * i + 2] *= y;
  nodes[4 * i + 3] *= z;
}

#define LANES 256

// By one group of any size up to LANES.
kernel void find_mean(global const double* nodes, const long rows, global double* mean) {
  local double sums[LANES * 4];
  for (int lane = get_local_id(0); lane < LANES; lane += get_local_size(0)) {
    double sum[4] = {0, 0, 0, 0};
    for (long i = lane; i < rows; i += LANES) {
      if (isnan(nodes[4 * i + 1])) continue;
      for (int axis = 0; axis < 3; ++axis) sum[axis] += nodes[4 * i + 1 + axis];
      sum[3] += 1;
    }
    for (int k = 0; k < 4; ++k) sums[lane * 4 + k] = sum[k];
  }
  for (int half_ = LANES / 2; half_ > 0; half_ /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_local_id(0); i < half_ * 4; i += get_local_size(0)) sums[i] += sums[half_ * 4 + i];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (get_local_id(0) == 0)
    for (int axis = 0; axis < 3; ++axis) mean[axis] = sums[axis] / sums[3];
}

// One group a label, over the bits of its row and over all nodes. `values` holds one entry a work-item.
kernel void mesh_rows(global const double* nodes, const long rows, global const double* mean,
                      global const uint* bits, const long words, const double cosine, global double* table,
                      local double4* values) {
  const long own = get_group_id(0);
  const int item = get_local_id(0), items = get_local_size(0);
  double node[3], ray[3];
  for (int axis = 0; axis < 3; ++axis) {
    node[axis] = nodes[4 * own + 1 + axis];
    ray[axis] = node[axis] - mean[axis];
  }
  const double length2 = ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2];
  double distances = 0, count = 0, met = 0;
  for (long word = item; word < words; word += items)
    for (uint left = bits[own * words + word]; left != 0; left &= left - 1) {
      const long other = word * 32 + (31 - (int)clz(left & (0u - left)));
      const double x = nodes[4 * other + 1] - node[0], y = nodes[4 * other + 2] - node[1],
                   z = nodes[4 * other + 3] - node[2];
      distances += sqrt(x * x + y * y + z * z);
      count += 1;
    }
  for (long other = item; other < rows; other += items) {
    if (other == own) continue;
    const double x = nodes[4 * other + 1] - node[0], y = nodes[4 * other + 2] - node[1],
                 z = nodes[4 * other + 3] - node[2];
    const double along = x * ray[0] + y * ray[1] + z * ray[2], distance2 = x * x + y * y + z * z;
    if (along >= cosine * sqrt(distance2 * length2)) met = 1;
  }
  values[item] = (double4)(distances, count, met, 0);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_ = items / 2; half_ > 0; half_ /= 2) {
    if (item < half_) values[item] += values[item + half_];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item != 0) return;
  global double* row = table + 4 * own;
  row[0] = (double)(own + 1);
  row[1] = values[0].y;
  row[2] = values[0].y > 0 ? values[0].x / values[0].y : NAN;
  row[3] = isnan(node[0]) ? NAN : values[0].z > 0 ? 0.0 : 1.0;
}
