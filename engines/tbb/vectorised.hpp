#pragma once

namespace voxelmark::tbb_operations {

/// Whether the CPU has what x86-64-v4 names: AVX-512 F, BW, CD, DQ and VL.
inline const bool has_avx512 =
    __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
    __builtin_cpu_supports("avx512vl");

/// f() compiled for AVX-512. `flatten` draws everything that f calls into this one function, since
/// what stays outside keeps the baseline's instructions; the compiler then vectorises its loops
/// with registers of 64 bytes.
template <class F>
[[gnu::target("arch=x86-64-v4,prefer-vector-width=512"), gnu::flatten, gnu::noinline]] void
run_with_avx512(const F& f) {
  const F own = f;  // which stores through pointers to bytes cannot change
  own();
}

/// f(), by the widest vectors that this CPU has. For the loops within one task.
template <class F>
void vectorised(const F& f) {
  if (has_avx512)
    run_with_avx512(f);
  else
    f();
}

}  // namespace voxelmark::tbb_operations
