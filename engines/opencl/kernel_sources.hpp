#pragma once
#include <string_view>
#include <vector>

namespace voxelmark::opencl {

/// One file of kernels/, embedded at build time.
struct KernelSource {
  std::string_view name;  ///< the file's name without its ending
  std::string_view text;
};

const std::vector<KernelSource>& kernel_sources();

}  // namespace voxelmark::opencl
