POINTWISE(multiply_scalar, AND const float scalar, a * scalar)
POINTWISE_2(add_images_weighted, AND const float factor1 AND const float factor2, a * factor1 + b * factor2)
POINTWISE_2(difference, , a - b)
POINTWISE_2(absolute_difference, , fabs(a - b))
POINTWISE_2(squared_difference, , (a - b) * (a - b))
POINTWISE_2(quotient, , select(a / b, zero, b == zero))

kernel void binary_and(global const IN* a, global const IN* b, global uchar* output, const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    const uchar4 in_a = convert_uchar4((convert_float4(READ4(IN, a, first)) != 0.0f) & 1);
    WRITE4(uchar, output, first) = in_a * convert_uchar4((convert_float4(READ4(IN, b, first)) != 0.0f) & 1);
  } else {
    for (long i = first; i < count; ++i) output[i] = (a[i] != 0) & (b[i] != 0);
  }
}
