// A fixed number of multiply-adds in independent chains, for the device's arithmetic rate and clock.
kernel void multiply_adds(global float* output, const int steps) {
  float a = get_global_id(0), b = a + 1, c = a + 2, d = a + 3;
  for (int i = 0; i < steps; ++i) {
    a = fma(a, 0.999f, 1.0f);
    b = fma(b, 0.999f, 1.0f);
    c = fma(c, 0.999f, 1.0f);
    d = fma(d, 0.999f, 1.0f);
  }
  output[get_global_id(0)] = a + b + c + d;
}
