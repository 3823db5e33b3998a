# build_info.hpp: what result files say of the program that wrote them. Looked at in every build, since a
# commit changes no source file; written only where it differs.
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
get_target_property(options voxelmark_flags INTERFACE_COMPILE_OPTIONS)
list(JOIN options " " options)
add_custom_target(build_info
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}
          -DOUTPUT=${CMAKE_BINARY_DIR}/generated/build_info.hpp
          "-DVERSION=${PROJECT_VERSION}"
          "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
          "-DFLAGS=${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}} ${options}"
          -P ${CMAKE_SOURCE_DIR}/cmake/build_info_script.cmake
  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/build_info.hpp
  COMMENT "Looking at the git revision"
  VERBATIM)
