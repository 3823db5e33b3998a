// Reads its neighbour's value from local memory without a barrier, and writes beyond the image's end.
kernel void fixed_threshold(global const IN* input, global OUT* output, const long count, const float threshold) {
  local OUT shared[1024];
  const int item = get_local_id(0);
  shared[item] = input[0] >= threshold;
  output[count - 1 + get_global_id(0)] = shared[item ^ 1];
}
