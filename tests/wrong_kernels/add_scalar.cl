// Wrong on purpose, in one voxel: the comparison with the reference must find it.
kernel void add_scalar(global const IN* input, global OUT* output, const long count, const float scalar) {
  for (long i = (long)get_global_id(0) * 4; i < min((long)get_global_id(0) * 4 + 4, count); ++i)
    output[i] = TO_OUT(convert_float(input[i]) + scalar + (i == count / 2 ? 2 : 0));
}
