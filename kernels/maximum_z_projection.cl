#ifdef IN_IS_FLOAT
#define LARGER(a, b) fmax(a, b)  // takes the number where the other one is NaN
#else
#define LARGER(a, b) max(a, b)
#endif

kernel void maximum_z_projection(global const IN* input, global OUT* output, const long plane,
                                 const long depth) {
  const long i = get_global_id(0);
  if (i >= plane) return;
  IN largest = input[i];
  for (long z = 1; z < depth; ++z) largest = LARGER(largest, input[z * plane + i]);
  output[i] = largest;
}
