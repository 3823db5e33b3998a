// One axis a launch (AXIS: 0 x, 1 y, 2 z). A work-item computes RUN outputs that follow one another along the
// axis, so that each loaded voxel serves RUN sums; `weights` has RUN - 1 zeros before and behind the
// 2 * radius + 1 weights, which spares the ends of the run a condition. Sums are of sums of BLOCK terms: of a
// thousand terms one by one, the roundings would show in 16-bit results.
#define RUN 4
#define BLOCK 64

kernel void blur_axis(global const IN* input, global OUT* output, const long width, const long height,
                      const long depth, constant float* weights, const int radius) {
#if AXIS == 0
  const long x = 0, y = get_global_id(1), z = get_global_id(2), first = get_global_id(0) * RUN;
  const long extent = width, stride = 1;
#elif AXIS == 1
  const long x = get_global_id(0), y = 0, z = get_global_id(2), first = get_global_id(1) * RUN;
  const long extent = height, stride = width;
#else
  const long x = get_global_id(0), y = get_global_id(1), z = 0, first = get_global_id(2) * RUN;
  const long extent = depth, stride = width * height;
#endif
  if (x >= width || y >= height || z >= depth || first >= extent) return;
  const long line = index_of(x, y, z, width, height);
  float sums[RUN] = {0};
  for (int block = -radius; block < radius + RUN; block += BLOCK) {
    float parts[RUN] = {0};
    for (int d = block; d < min(block + BLOCK, radius + RUN); ++d) {
      const long from = clamp(first + d, 0L, extent - 1);
      const float value = convert_float(input[line + from * stride]);
#pragma unroll
      for (int i = 0; i < RUN; ++i) parts[i] = fma(weights[d + radius + RUN - 1 - i], value, parts[i]);
    }
#pragma unroll
    for (int i = 0; i < RUN; ++i) sums[i] += parts[i];
  }
#pragma unroll
  for (int i = 0; i < RUN; ++i)
    if (first + i < extent) output[line + (first + i) * stride] = TO_OUT(sums[i]);
}
