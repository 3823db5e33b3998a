# add_kernels(target files...): an OBJECT library that holds OpenCL C files as text, for
# engines/opencl/kernel_sources.hpp.
function(add_kernels target)
  set(kernels ${ARGN})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${generated} "-DKERNELS=${kernels}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_kernels_script.cmake
    DEPENDS ${kernels} ${CMAKE_SOURCE_DIR}/cmake/embed_kernels_script.cmake
    VERBATIM)
  add_library(${target} OBJECT ${generated})
  target_link_libraries(${target} PUBLIC voxelmark_flags)
endfunction()
