kernel void fixed_threshold(global const IN* input, global OUT* output, const long count,
                            const float threshold) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    // A vector comparison gives -1 where it holds.
    const int4 foreground = convert_float4(READ4(IN, input, first)) >= threshold;
    WRITE4(uchar, output, first) = convert_uchar4(foreground & 1);
  } else {
    for (long i = first; i < count; ++i) output[i] = convert_float(input[i]) >= threshold;
  }
}
