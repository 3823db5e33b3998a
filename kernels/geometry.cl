// out(x, y, z) = in at origin + x * step_x + y * step_y + z * step_z, the steps in voxels of the input.
kernel void copy_rows(global const IN* input, global OUT* output, const long width, const long height,
                      const long depth, const long origin, const long step_x, const long step_y,
                      const long step_z) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  output[index_of(x, y, z, width, height)] = input[origin + x * step_x + y * step_y + z * step_z];
}

// The same where x runs across the input's rows. A group takes a tile of x and of the axis along these rows
// (`near`) through local memory, so that both reading and writing go along rows; the padding keeps a tile's
// column in different banks.
#define TILE 32

kernel void copy_tiles(global const IN* input, global OUT* output, const long width, const long near_extent,
                       const long origin, const long step_x, const long step_near, const long step_far,
                       const long out_near, const long out_far) {
  local IN tile[TILE][TILE + 1];
  const long along = (width + TILE - 1) / TILE, across = (near_extent + TILE - 1) / TILE;
  const long group = get_group_id(0);
  const long x0 = group % along * TILE, near0 = group / along % across * TILE, far = group / along / across;
  for (int i = get_local_id(0); i < TILE * TILE; i += get_local_size(0)) {
    const int near = i % TILE, x = i / TILE;
    if (x0 + x < width && near0 + near < near_extent)
      tile[x][near] = input[origin + (x0 + x) * step_x + (near0 + near) * step_near + far * step_far];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = get_local_id(0); i < TILE * TILE; i += get_local_size(0)) {
    const int x = i % TILE, near = i / TILE;
    if (x0 + x < width && near0 + near < near_extent)
      output[x0 + x + (near0 + near) * out_near + far * out_far] = tile[x][near];
  }
}
