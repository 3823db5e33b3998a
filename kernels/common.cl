// Stands before every other kernel file. Types come as build options: IN and OUT are the pixel types,
// TO_OUT and TO_OUT4 convert computed floats to OUT (rounded half to even and saturated where OUT is an
// integer), IN_IS_FLOAT is defined where it is so.
// Offsets are 64-bit: an image may pass 2^31 voxels.
#pragma OPENCL FP_CONTRACT OFF

inline long index_of(long x, long y, long z, long width, long height) {
  return (z * height + y) * width + x;
}

// Sets of voxels that many work-items unite at once. parents[i] is a voxel of i's set that comes no later than
// i; the set's first voxel, its root, is its own parent. A voxel of no set has none. Parents only decrease, so
// that a read that comes too early gives a voxel further up, which does no harm.
#define NO_PARENT 0xffffffffu

inline uint parent_of(volatile global uint* parents, uint i) {
#ifdef READ_ATOMICALLY
  return atomic_or(parents + i, 0u);
#else
  return parents[i];
#endif
}

// The root of i's set. Shortens the way there.
inline uint find_root(volatile global uint* parents, uint i) {
  while (true) {
    const uint parent = parent_of(parents, i);
    if (parent == i) return i;
    const uint grandparent = parent_of(parents, parent);
    if (grandparent == parent) return parent;
    atomic_min(parents + i, grandparent);
    i = grandparent;
  }
}

inline void unite(volatile global uint* parents, uint a, uint b) {
  while (true) {
    a = find_root(parents, a);
    b = find_root(parents, b);
    if (a == b) return;
    const uint later = max(a, b), earlier = min(a, b);
    const uint before = atomic_min(parents + later, earlier);
    if (before == later) return;
    // Another work-item gave it a parent meanwhile: that one belongs to the set too.
    a = before;
    b = earlier;
  }
}
