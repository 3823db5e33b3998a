// NaN is made 0 by hand for integers: OpenCL only recommends it.
#ifdef OUT_IS_FLOAT
#define NUMBER(value) value
#else
#define NUMBER(value) ((value) == (value) ? (value) : 0.0f)
#endif

kernel void convert_pixels(global const IN* input, global OUT* output, const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    const float4 values = convert_float4(READ4(IN, input, first));
    WRITE4(OUT, output, first) = TO_OUT4(NUMBER(values));
  } else {
    for (long i = first; i < count; ++i) {
      const float value = convert_float(input[i]);
      output[i] = TO_OUT(NUMBER(value));
    }
  }
}
