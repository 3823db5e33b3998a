POINTWISE(add_scalar, AND const float scalar, a + scalar)
