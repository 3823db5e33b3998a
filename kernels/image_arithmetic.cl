// Four voxels a work-item, as in add_scalar.cl.
inline float4 floats_at(global const IN* input, long i) { return convert_float4(vload4(0, input + i)); }

kernel void multiply_scalar(global const IN* input, global OUT* output, const long count, const float scalar) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    vstore4(TO_OUT4(floats_at(input, first) * scalar), 0, output + first);
  } else {
    for (long i = first; i < count; ++i) output[i] = TO_OUT(convert_float(input[i]) * scalar);
  }
}

kernel void add_images_weighted(global const IN* a, global const IN* b, global OUT* output, const long count,
                                const float factor1, const float factor2) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    vstore4(TO_OUT4(floats_at(a, first) * factor1 + floats_at(b, first) * factor2), 0, output + first);
  } else {
    for (long i = first; i < count; ++i)
      output[i] = TO_OUT(convert_float(a[i]) * factor1 + convert_float(b[i]) * factor2);
  }
}

kernel void binary_and(global const IN* a, global const IN* b, global uchar* output, const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    const uchar4 in_a = convert_uchar4((floats_at(a, first) != 0.0f) & 1);
    vstore4(in_a * convert_uchar4((floats_at(b, first) != 0.0f) & 1), 0, output + first);
  } else {
    for (long i = first; i < count; ++i) output[i] = (a[i] != 0) & (b[i] != 0);
  }
}

kernel void absolute_difference(global const IN* a, global const IN* b, global OUT* output, const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    vstore4(TO_OUT4(fabs(floats_at(a, first) - floats_at(b, first))), 0, output + first);
  } else {
    for (long i = first; i < count; ++i) output[i] = TO_OUT(fabs(convert_float(a[i]) - convert_float(b[i])));
  }
}

kernel void squared_difference(global const IN* a, global const IN* b, global float* output,
                               const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    const float4 d = floats_at(a, first) - floats_at(b, first);
    vstore4(d * d, 0, output + first);
  } else {
    for (long i = first; i < count; ++i) {
      const float d = convert_float(a[i]) - convert_float(b[i]);
      output[i] = d * d;
    }
  }
}
