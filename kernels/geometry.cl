// out(x, y, z) = in at origin + x * step_x + y * step_y + z * step_z, the steps in voxels of the input. A work-item
// copies PER_ITEM voxels, all loads before the first store: a single one keeps too little of the memory busy.
#define PER_ITEM 4

kernel void copy_rows(global const IN* input, global OUT* output, const long width, const long height,
                      const long depth, const long origin, const long step_x, const long step_y,
                      const long step_z) {
  const long x = get_global_id(0), y = (long)get_global_id(1) * PER_ITEM, z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  global const IN* const from = input + origin + x * step_x + z * step_z;
  IN values[PER_ITEM];
#pragma unroll
  for (int i = 0; i < PER_ITEM; ++i) values[i] = from[min(y + i, height - 1) * step_y];
#pragma unroll
  for (int i = 0; i < PER_ITEM; ++i)
    if (y + i < height) output[index_of(x, y + i, z, width, height)] = values[i];
}

// The same where x runs across the input's rows. A group takes a tile of x and of the axis along these rows
// (`near`) through local memory, so that both reading and writing go along rows; the padding keeps a tile's
// column in different banks.
#define TILE 32
#ifdef GROUP_ROWS
#define PER_COLUMN (TILE / GROUP_ROWS)

kernel __attribute__((reqd_work_group_size(TILE, GROUP_ROWS, 1))) void copy_tiles(
    global const IN* input, global OUT* output, const long width, const long near_extent, const long origin,
    const long step_x, const long step_near, const long step_far, const long out_near, const long out_far) {
  local IN tile[TILE][TILE + 1];
  const int lane = get_local_id(0), row = get_local_id(1);
  const long x0 = get_group_id(0) * (long)TILE, near0 = get_group_id(1) * (long)TILE, far = get_group_id(2);
  global const IN* const from = input + origin + min(near0 + lane, near_extent - 1) * step_near + far * step_far;
  IN values[PER_COLUMN];
#pragma unroll
  for (int i = 0; i < PER_COLUMN; ++i) values[i] = from[min(x0 + row + i * GROUP_ROWS, width - 1) * step_x];
#pragma unroll
  for (int i = 0; i < PER_COLUMN; ++i) tile[row + i * GROUP_ROWS][lane] = values[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  global OUT* const to = output + x0 + lane + far * out_far;
#pragma unroll
  for (int i = 0; i < PER_COLUMN; ++i) {
    const long near = near0 + row + i * GROUP_ROWS;
    if (x0 + lane < width && near < near_extent) to[near * out_near] = tile[lane][row + i * GROUP_ROWS];
  }
}
#endif
