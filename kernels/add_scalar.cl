// Four voxels a work-item: 16-byte loads and stores reach the memory's bandwidth, single floats do not.
kernel void add_scalar(global const IN* input, global OUT* output, const long count, const float scalar) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    vstore4(TO_OUT4(convert_float4(vload4(0, input + first)) + scalar), 0, output + first);
  } else {
    for (long i = first; i < count; ++i) output[i] = TO_OUT(convert_float(input[i]) + scalar);
  }
}
