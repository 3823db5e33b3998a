// One axis a launch. A work-item computes RUN outputs that follow one another along the axis, so that each
// loaded voxel serves RUN sums; `weights` has RUN - 1 zeros before and behind the 2 * radius + 1 weights,
// which spares the ends of the run a condition.
#define RUN 4

kernel void blur_axis(global const IN* input, global OUT* output, const long width, const long height,
                      const long depth, const int axis, constant float* weights, const int radius) {
  long position[3] = {get_global_id(0), get_global_id(1), get_global_id(2)};
  const long extent = axis == 0 ? width : axis == 1 ? height : depth;
  const long stride = axis == 0 ? 1 : axis == 1 ? width : width * height;
  position[axis] *= RUN;
  if (position[0] >= width || position[1] >= height || position[2] >= depth) return;

  const long first = position[axis];
  position[axis] = 0;
  const long line = index_of(position[0], position[1], position[2], width, height);
  float sums[RUN] = {0};
  for (int d = -radius; d < radius + RUN; ++d) {
    const long from = clamp(first + d, 0L, extent - 1);
    const float value = convert_float(input[line + from * stride]);
#pragma unroll
    for (int i = 0; i < RUN; ++i) sums[i] = fma(weights[d + radius + RUN - 1 - i], value, sums[i]);
  }
#pragma unroll
  for (int i = 0; i < RUN; ++i)
    if (first + i < extent) output[line + (first + i) * stride] = TO_OUT(sums[i]);
}
