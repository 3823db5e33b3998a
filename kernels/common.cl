// Stands before every other kernel file. Types come as build options: IN and OUT are the pixel types,
// TO_OUT and TO_OUT4 convert computed floats to OUT (rounded half to even and saturated where OUT is an
// integer), IN_IS_FLOAT is defined where it is so.
// Offsets are 64-bit: an image may pass 2^31 voxels.
#pragma OPENCL FP_CONTRACT OFF

inline long index_of(long x, long y, long z, long width, long height) {
  return (z * height + y) * width + x;
}

#define FOUR_OF(type) type##4
#define FOUR(type) FOUR_OF(type)
// Four pixels from `first` on, a multiple of 4; vload4 and vstore4 promise less and are taken apart.
#define READ4(type, pixels, first) (*(global const FOUR(type)*)((pixels) + (first)))
#define WRITE4(type, pixels, first) (*(global FOUR(type)*)((pixels) + (first)))
// The four pixels from `first` < `count` on, as an array; 0 from `count` on.
#define READ_QUAD(type, name, pixels, first, count)                                                \
  type name[4];                                                                                    \
  {                                                                                                \
    const bool whole_ = (first) + 4 <= (count);                                                    \
    const FOUR(type) four_ = whole_ ? READ4(type, pixels, first) : (FOUR(type))(0);                \
    name[0] = four_.x, name[1] = four_.y, name[2] = four_.z, name[3] = four_.w;                    \
    if (!whole_)                                                                                   \
      for (int k_ = 0; k_ < 3; ++k_)                                                               \
        if ((first) + k_ < (count)) name[k_] = (pixels)[(first) + k_];                             \
  }
#define EACH for (int k = 0; k < 4; ++k)  // of a quad
// Where voxel i of an image of fewer than 2^32 lies.
#define LOCATE(i)                                                                                  \
  const uint row_ = (uint)(i) / (uint)width;                                                       \
  const long x = (uint)(i) % (uint)width, y = row_ % (uint)height, z = row_ / (uint)height;

// A kernel that computes each voxel of `output` from the same one of its inputs: POINTWISE of one image, POINTWISE_2 of
// two, the second one's pixels of the type SECOND. FORMULA is given the values a and b as floats, and zero; it stands for
// four voxels and for one alike. A work-item takes four: 16-byte loads and stores reach the memory's bandwidth, single
// floats do not. PARAMETERS are the kernel's own, each behind the word AND.
#ifndef SECOND
#define SECOND IN
#endif
#define POINTWISE(NAME, PARAMETERS, FORMULA)                                                       \
  kernel void NAME(global const IN* image, global OUT* output, const long count PARAMETERS) {      \
    const long first = (long)get_global_id(0) * 4;                                                 \
    if (first + 4 <= count) {                                                                      \
      const float4 a = convert_float4(READ4(IN, image, first)), zero = 0;                         \
      WRITE4(OUT, output, first) = TO_OUT4(FORMULA);                                                \
    } else {                                                                                       \
      for (long i = first; i < count; ++i) {                                                       \
        const float a = convert_float(image[i]), zero = 0;                                         \
        output[i] = TO_OUT(FORMULA);                                                               \
      }                                                                                            \
    }                                                                                              \
  }
#define POINTWISE_2(NAME, PARAMETERS, FORMULA)                                                     \
  kernel void NAME(global const IN* image, global const SECOND* second, global OUT* output,        \
                   const long count PARAMETERS) {                                                  \
    const long first = (long)get_global_id(0) * 4;                                                 \
    if (first + 4 <= count) {                                                                      \
      const float4 a = convert_float4(READ4(IN, image, first));                                   \
      const float4 b = convert_float4(READ4(SECOND, second, first)), zero = 0;                        \
      WRITE4(OUT, output, first) = TO_OUT4(FORMULA);                                                \
    } else {                                                                                       \
      for (long i = first; i < count; ++i) {                                                       \
        const float a = convert_float(image[i]), b = convert_float(second[i]), zero = 0;           \
        output[i] = TO_OUT(FORMULA);                                                               \
      }                                                                                            \
    }                                                                                              \
  }
#define AND ,

// Sets that many work-items unite at once (union-find). parents[i] is a member of i's set that comes no later than
// i; the set's first member, its root, is its own parent. What is in no set has none. Parents only decrease, so
// that a read that comes too early gives a member further up, which does no harm, and no work-item ever waits.
#define NO_PARENT 0xffffffffu

#ifdef READ_ATOMICALLY
#define READ_PARENT(parents, i) atomic_or((parents) + (i), 0u)
#else
#define READ_PARENT(parents, i) (parents)[i]
#endif

// The functions for sets in memory of the kind SPACE. FIND gives the root of i's set, and shortens the way there.
#define UNION_FIND(SPACE, PARENT_OF, FIND, UNITE)                                                  \
  inline uint PARENT_OF(volatile SPACE uint* parents, uint i) { return READ_PARENT(parents, i); }  \
  inline uint FIND(volatile SPACE uint* parents, uint i) {                                         \
    while (true) {                                                                                 \
      const uint parent = PARENT_OF(parents, i);                                                   \
      if (parent == i) return i;                                                                   \
      const uint grandparent = PARENT_OF(parents, parent);                                         \
      if (grandparent == parent) return parent;                                                    \
      atomic_min(parents + i, grandparent);                                                        \
      i = grandparent;                                                                             \
    }                                                                                              \
  }                                                                                                \
  inline void UNITE(volatile SPACE uint* parents, uint a, uint b) {                                \
    while (true) {                                                                                 \
      a = FIND(parents, a);                                                                        \
      b = FIND(parents, b);                                                                        \
      if (a == b) return;                                                                          \
      const uint later = max(a, b), earlier = min(a, b);                                           \
      const uint before = atomic_min(parents + later, earlier);                                    \
      if (before == later) return;                                                                 \
      /* Another work-item gave it a parent meanwhile: that one belongs to the set too. */         \
      a = before;                                                                                  \
      b = earlier;                                                                                 \
    }                                                                                              \
  }

UNION_FIND(global, parent_of, find_root, unite)

// How the groups of a launch hand words to the last of them to finish, which joins them: that saves a second launch.
// Among groups OpenCL C 1.2 orders nothing but each word's atomics, and so all goes through these. An atomic gives the
// old value back only once it has taken place where all groups see it; a group counts itself as finished with a number
// that depends on all old values it was given, hence after that. `zero` is a kernel's argument, so that compilers cannot
// know that the number is always 1. No group waits for another. `finished` is 0 before a launch and after it.
inline uint hand_over(volatile global uint* word, const uint value) { return atomic_xchg(word, value); }
inline uint hand_over_2(volatile global uint* words, const uint2 values) {
  return hand_over(words, values.x) | hand_over(words + 1, values.y);
}
inline uint taken_over(volatile global uint* word) { return atomic_or(word, 0u); }
inline uint2 taken_over_2(volatile global uint* words) {
  return (uint2)(taken_over(words), taken_over(words + 1));
}
// By one work-item of each group: whether all others have finished. `old_values` are those that it was given, joined.
inline bool finishes_last(volatile global uint* finished, const uint old_values, const uint zero) {
  const bool last = atomic_add(finished, 1 + (old_values & zero)) == get_num_groups(0) - 1;
  if (last) atomic_xchg(finished, 0u);
  return last;
}

// The sum of what the group's work-items before this one give; `sums` has room for one of each.
inline uint sum_before(local uint* sums, const uint own) {
  const int item = get_local_id(0), items = get_local_size(0);
  sums[item] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int reach = 1; reach < items; reach *= 2) {
    const uint other = item >= reach ? sums[item - reach] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    sums[item] += other;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  return sums[item] - own;
}
