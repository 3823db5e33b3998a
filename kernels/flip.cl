kernel void flip(global const IN* input, global OUT* output, const long width, const long height,
                 const long depth, const int axis) {
  const long x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
  if (x >= width || y >= height || z >= depth) return;
  const long from_x = axis == 0 ? width - 1 - x : x;
  const long from_y = axis == 1 ? height - 1 - y : y;
  const long from_z = axis == 2 ? depth - 1 - z : z;
  output[index_of(x, y, z, width, height)] = input[index_of(from_x, from_y, from_z, width, height)];
}
