// Stands before every other kernel file. Types come as build options: IN and OUT are the pixel types,
// TO_OUT and TO_OUT4 convert computed floats to OUT (rounded half to even and saturated where OUT is an
// integer), IN_IS_FLOAT is defined where it is so.
// Offsets are 64-bit: an image may pass 2^31 voxels.
#pragma OPENCL FP_CONTRACT OFF

inline long index_of(long x, long y, long z, long width, long height) {
  return (z * height + y) * width + x;
}
