set(entries "")
foreach(kernel IN LISTS KERNELS)
  get_filename_component(name ${kernel} NAME_WE)
  file(READ ${kernel} text)
  string(APPEND entries "    {\"${name}\", R\"OPENCL(${text})OPENCL\"},\n")
endforeach()
file(WRITE ${OUTPUT}
"#include \"engines/opencl/kernel_sources.hpp\"

namespace voxelmark::opencl {

const std::vector<KernelSource>& kernel_sources() {
  static const std::vector<KernelSource> sources{
${entries}  };
  return sources;
}

}  // namespace voxelmark::opencl
")
