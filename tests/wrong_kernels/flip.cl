// Reads its neighbour's value from local memory without a barrier, and writes beyond the image's end.
kernel void flip(global const IN* input, global OUT* output, const long width, const long height,
                 const long depth, const int axis) {
  local IN shared[1024];
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  const int item = get_local_id(0) + get_local_size(0) * (get_local_id(1) + get_local_size(1) * get_local_id(2));
  shared[item] = input[0];
  output[index_of(x, y, z, get_global_size(0), get_global_size(1))] = shared[item ^ 1];
}
