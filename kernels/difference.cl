// Of two images, four voxels a work-item as in add_scalar.cl. SECOND is the second one's type.
#define VALUES4(image) convert_float4(vload4(0, image + first))
#define VALUE(image) convert_float(image[i])

kernel void difference(global const IN* a, global const SECOND* b, global OUT* output, const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    vstore4(TO_OUT4(VALUES4(a) - VALUES4(b)), 0, output + first);
  } else {
    for (long i = first; i < count; ++i) output[i] = TO_OUT(VALUE(a) - VALUE(b));
  }
}

// 0 where the divisor is 0.
kernel void quotient(global const IN* a, global const SECOND* b, global OUT* output, const long count) {
  const long first = (long)get_global_id(0) * 4;
  if (first + 4 <= count) {
    const float4 divisor = VALUES4(b);
    vstore4(TO_OUT4(select(VALUES4(a) / divisor, (float4)(0), divisor == 0)), 0, output + first);
  } else {
    for (long i = first; i < count; ++i) output[i] = TO_OUT(VALUE(b) == 0 ? 0 : VALUE(a) / VALUE(b));
  }
}
