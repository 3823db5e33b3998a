# How everything is compiled.
add_library(voxelmark_flags INTERFACE)
target_include_directories(voxelmark_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(voxelmark_flags INTERFACE
  -march=x86-64-v3
  # A product and a sum are two roundings unless std::fma says otherwise: pointwise results are exact.
  -ffp-contract=off
  # Vector code may round and compare without regard to floating-point flags and errno.
  -fno-math-errno -fno-trapping-math
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlaps in std::string that are not there (GCC bug 105651).
  target_compile_options(voxelmark_flags INTERFACE -Wno-restrict)
endif()
if(VOXELMARK_WARNINGS_AS_ERRORS)
  target_compile_options(voxelmark_flags INTERFACE -Werror)
endif()
if(VOXELMARK_SANITIZE)
  target_compile_options(voxelmark_flags INTERFACE
    -fsanitize=${VOXELMARK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    -Wno-maybe-uninitialized)  # GCC's own std::regex warns when it is instrumented
  target_link_options(voxelmark_flags INTERFACE -fsanitize=${VOXELMARK_SANITIZE})
endif()

# Programs look beside themselves for libraries, and let their libraries look there too (cmake/bundle.sh).
set(CMAKE_BUILD_RPATH "$ORIGIN/lib")
add_link_options(-Wl,--disable-new-dtags)
