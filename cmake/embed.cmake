# add_embedded(target header namespace type function files...): an OBJECT library that holds files as
# text. `function`, which `header` declares, gives a vector of `type`, each a file's name without
# its extensions and its text.
function(add_embedded target header namespace type function)
  set(files ${ARGN})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${generated} -DHEADER=${header} -DNAMESPACE=${namespace}
            -DTYPE=${type} -DFUNCTION=${function} "-DFILES=${files}" -P ${script}
    DEPENDS ${files} ${script}
    VERBATIM)
  add_library(${target} OBJECT ${generated})
  target_link_libraries(${target} PUBLIC voxelmark_flags)
endfunction()

# add_kernels(target files...): OpenCL C files for engines/opencl/kernel_sources.hpp.
function(add_kernels target)
  add_embedded(${target} engines/opencl/kernel_sources.hpp voxelmark::opencl KernelSource
               kernel_sources ${ARGN})
endfunction()
